// Batch normalisation: the sums of a plane in its type, those of a channel in double precision.
//
// Where a batch is spread over several memories, the parts of the work are called one by one; the sums
// of all memories are joined between them.
#include "ck_math.h"
#include "ck_types.h"
#include "include/ck_batch_norm.h"

#define CK_BATCH_NORM(T, S)                                                                        \
  CK_INLINE double ckb_sum_##S(const T *x, ptrdiff_t samples, ptrdiff_t step, ptrdiff_t positions) { \
    double total = 0;                                                                              \
    for (ptrdiff_t n = 0; n < samples; n++) {                                                      \
      _Pragma("clang fp reassociate(on)") T sum = 0;                                               \
      for (ptrdiff_t i = 0; i < positions; i++) sum += x[n * step + i];                            \
      total += (double)sum;                                                                        \
    }                                                                                              \
    return total;                                                                                  \
  }                                                                                                \
  CK_INLINE double ckb_squares_##S(                                                                \
      const T *x, T m, ptrdiff_t samples, ptrdiff_t step, ptrdiff_t positions) {                   \
    double total = 0;                                                                              \
    for (ptrdiff_t n = 0; n < samples; n++) {                                                      \
      _Pragma("clang fp reassociate(on)") T sum = 0;                                               \
      for (ptrdiff_t i = 0; i < positions; i++) {                                                  \
        sum += (x[n * step + i] - m) * (x[n * step + i] - m);                                      \
      }                                                                                            \
      total += (double)sum;                                                                        \
    }                                                                                              \
    return total;                                                                                  \
  }                                                                                                \
  CK_INLINE void ckb_normalise_##S(                                                                \
      T *out, const T *x, T m, T scale, T shift, ptrdiff_t samples, ptrdiff_t step,                \
      ptrdiff_t positions) {                                                                       \
    for (ptrdiff_t n = 0; n < samples; n++) {                                                      \
      const T *from = x + n * step;                                                                \
      T *to = out + n * step;                                                                      \
      CK_VECTOR for (ptrdiff_t i = 0; i < positions; i++) to[i] = (from[i] - m) * scale + shift;   \
    }                                                                                              \
  }                                                                                                \
  CK_INLINE void ckb_sums_##S(                                                                     \
      double *total, double *product, const T *g, const T *x, T m, ptrdiff_t samples,              \
      ptrdiff_t step, ptrdiff_t positions) {                                                       \
    *total = *product = 0;                                                                         \
    for (ptrdiff_t n = 0; n < samples; n++) {                                                      \
      _Pragma("clang fp reassociate(on)") T sum = 0, dot = 0;                                      \
      for (ptrdiff_t i = 0; i < positions; i++) {                                                  \
        sum += g[n * step + i];                                                                    \
        dot += g[n * step + i] * (x[n * step + i] - m);                                            \
      }                                                                                            \
      *total += (double)sum;                                                                       \
      *product += (double)dot;                                                                     \
    }                                                                                              \
  }                                                                                                \
  CK_INLINE void ckb_gradient_##S(                                                                 \
      T *out, const T *g, const T *x, T m, T scale, T a, T b, ptrdiff_t samples, ptrdiff_t step,   \
      ptrdiff_t positions) {                                                                       \
    for (ptrdiff_t n = 0; n < samples; n++) {                                                      \
      const T *from = x + n * step, *up = g + n * step;                                            \
      T *to = out + n * step;                                                                      \
      CK_VECTOR for (ptrdiff_t i = 0; i < positions; i++) {                                        \
        to[i] = scale * (up[i] - a - (from[i] - m) * b);                                           \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  CK_CLONES void ck_batch_norm_##S(                                                                \
      T *out, T *mean, T *variance, const T *in, const T *weight, const T *bias, double epsilon,   \
      ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions) {                                \
    const ptrdiff_t step = channels * positions;                                                   \
    const double count = (double)(samples * positions);                                            \
    for (ptrdiff_t c = 0; c < channels; c++) {                                                     \
      const T *x = in + c * positions;                                                             \
      const T m = (T)(ckb_sum_##S(x, samples, step, positions) / count);                           \
      const T v = (T)(ckb_squares_##S(x, m, samples, step, positions) / count);                    \
      mean[c] = m;                                                                                 \
      variance[c] = v;                                                                             \
      const T scale = (weight ? weight[c] : 1) / ckm_sqrt_##S(v + (T)epsilon);                     \
      ckb_normalise_##S(                                                                           \
          out + c * positions, x, m, scale, bias ? bias[c] : 0, samples, step, positions);         \
    }                                                                                              \
  }                                                                                                \
  CK_CLONES void ck_batch_norm_backward_##S(                                                       \
      T *input_gradient, T *weight_gradient, T *bias_gradient, const T *gradient, const T *in,     \
      const T *mean, const T *variance, const T *weight, double epsilon, ptrdiff_t samples,        \
      ptrdiff_t channels, ptrdiff_t positions) {                                                   \
    const ptrdiff_t step = channels * positions;                                                   \
    const double count = (double)(samples * positions);                                            \
    for (ptrdiff_t c = 0; c < channels; c++) {                                                     \
      const T *x = in + c * positions, *g = gradient + c * positions;                              \
      const T m = mean[c], s = 1 / ckm_sqrt_##S(variance[c] + (T)epsilon);                         \
      double total, product;                                                                       \
      ckb_sums_##S(&total, &product, g, x, m, samples, step, positions);                           \
      if (weight_gradient) weight_gradient[c] = (T)(product * (double)s);                          \
      if (bias_gradient) bias_gradient[c] = (T)total;                                              \
      if (!input_gradient) continue;                                                               \
      ckb_gradient_##S(                                                                            \
          input_gradient + c * positions, g, x, m, (weight ? weight[c] : 1) * s,                   \
          (T)(total / count), (T)(product * (double)s * (double)s / count), samples, step,         \
          positions);                                                                              \
    }                                                                                              \
  }                                                                                                \
  CK_CLONES void ck_batch_norm_moments_##S(                                                        \
      double *mean, double *squares, const T *in, ptrdiff_t samples, ptrdiff_t channels,           \
      ptrdiff_t positions) {                                                                       \
    const ptrdiff_t step = channels * positions;                                                   \
    const double count = (double)(samples * positions);                                            \
    for (ptrdiff_t c = 0; c < channels; c++) {                                                     \
      const T *x = in + c * positions;                                                             \
      mean[c] = ckb_sum_##S(x, samples, step, positions) / count;                                  \
      /* Squares are taken about the rounded mean, then moved to the mean itself. */               \
      const T m = (T)mean[c];                                                                      \
      const double off = mean[c] - (double)m;                                                      \
      squares[c] = ckb_squares_##S(x, m, samples, step, positions) - count * off * off;            \
    }                                                                                              \
  }                                                                                                \
  CK_CLONES void ck_batch_norm_apply_##S(                                                          \
      T *out, const T *in, const double *mean, const double *variance, const T *weight,            \
      const T *bias, double epsilon, ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions) { \
    for (ptrdiff_t c = 0; c < channels; c++) {                                                     \
      const T scale = (weight ? weight[c] : 1) / ckm_sqrt_##S((T)variance[c] + (T)epsilon);        \
      ckb_normalise_##S(                                                                           \
          out + c * positions, in + c * positions, (T)mean[c], scale, bias ? bias[c] : 0, samples, \
          channels * positions, positions);                                                        \
    }                                                                                              \
  }                                                                                                \
  CK_CLONES void ck_batch_norm_sums_##S(                                                           \
      double *total, double *product, const T *gradient, const T *in, const double *mean,          \
      ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions) {                                \
    for (ptrdiff_t c = 0; c < channels; c++) {                                                     \
      ckb_sums_##S(                                                                                \
          total + c, product + c, gradient + c * positions, in + c * positions, (T)mean[c],        \
          samples, channels * positions, positions);                                               \
    }                                                                                              \
  }                                                                                                \
  CK_CLONES void ck_batch_norm_gradient_##S(                                                       \
      T *out, const T *gradient, const T *in, const double *mean, const double *variance,          \
      const T *weight, double epsilon, const double *total, const double *product, double count,   \
      ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions) {                                \
    for (ptrdiff_t c = 0; c < channels; c++) {                                                     \
      const T s = 1 / ckm_sqrt_##S((T)variance[c] + (T)epsilon);                                   \
      ckb_gradient_##S(                                                                            \
          out + c * positions, gradient + c * positions, in + c * positions, (T)mean[c],           \
          (weight ? weight[c] : 1) * s, (T)(total[c] / count),                                     \
          (T)(product[c] * (double)s * (double)s / count), samples, channels * positions,          \
          positions);                                                                              \
    }                                                                                              \
  }
CK_BATCH_NORM(float, f32)
CK_BATCH_NORM(double, f64)
