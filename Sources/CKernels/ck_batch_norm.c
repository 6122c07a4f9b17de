// Batch normalisation: the sums of a plane in its type, those of a channel in double precision.
#include "ck_math.h"
#include "ck_types.h"
#include "include/ck_batch_norm.h"

#define CK_BATCH_NORM(T, S)                                                                        \
  CK_CLONES void ck_batch_norm_##S(                                                                \
      T *out, T *mean, T *variance, const T *in, const T *weight, const T *bias, double epsilon,   \
      ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions) {                                \
    const ptrdiff_t step = channels * positions;                                                   \
    const double count = (double)(samples * positions);                                            \
    for (ptrdiff_t c = 0; c < channels; c++) {                                                     \
      const T *x = in + c * positions;                                                             \
      double total = 0;                                                                            \
      for (ptrdiff_t n = 0; n < samples; n++) {                                                    \
        _Pragma("clang fp reassociate(on)") T sum = 0;                                             \
        for (ptrdiff_t i = 0; i < positions; i++) sum += x[n * step + i];                          \
        total += (double)sum;                                                                      \
      }                                                                                            \
      const T m = (T)(total / count);                                                              \
      total = 0;                                                                                   \
      for (ptrdiff_t n = 0; n < samples; n++) {                                                    \
        _Pragma("clang fp reassociate(on)") T sum = 0;                                             \
        for (ptrdiff_t i = 0; i < positions; i++) {                                                \
          sum += (x[n * step + i] - m) * (x[n * step + i] - m);                                    \
        }                                                                                          \
        total += (double)sum;                                                                      \
      }                                                                                            \
      const T v = (T)(total / count);                                                              \
      mean[c] = m;                                                                                 \
      variance[c] = v;                                                                             \
      const T scale = (weight ? weight[c] : 1) / ckm_sqrt_##S(v + (T)epsilon);                     \
      const T shift = bias ? bias[c] : 0;                                                          \
      for (ptrdiff_t n = 0; n < samples; n++) {                                                    \
        const T *from = x + n * step;                                                              \
        T *to = out + c * positions + n * step;                                                    \
        CK_VECTOR for (ptrdiff_t i = 0; i < positions; i++) to[i] = (from[i] - m) * scale + shift; \
      }                                                                                            \
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
      double total = 0, product = 0;                                                               \
      for (ptrdiff_t n = 0; n < samples; n++) {                                                    \
        _Pragma("clang fp reassociate(on)") T sum = 0, dot = 0;                                    \
        for (ptrdiff_t i = 0; i < positions; i++) {                                                \
          sum += g[n * step + i];                                                                  \
          dot += g[n * step + i] * (x[n * step + i] - m);                                          \
        }                                                                                          \
        total += (double)sum;                                                                      \
        product += (double)dot;                                                                    \
      }                                                                                            \
      if (weight_gradient) weight_gradient[c] = (T)(product * (double)s);                          \
      if (bias_gradient) bias_gradient[c] = (T)total;                                              \
      if (!input_gradient) continue;                                                               \
      const T scale = (weight ? weight[c] : 1) * s, a = (T)(total / count);                        \
      const T b = (T)(product * (double)s * (double)s / count);                                    \
      for (ptrdiff_t n = 0; n < samples; n++) {                                                    \
        const T *from = x + n * step, *up = g + n * step;                                          \
        T *to = input_gradient + c * positions + n * step;                                         \
        CK_VECTOR for (ptrdiff_t i = 0; i < positions; i++) {                                      \
          to[i] = scale * (up[i] - a - (from[i] - m) * b);                                         \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
CK_BATCH_NORM(float, f32)
CK_BATCH_NORM(double, f64)
