// Layer normalisation over contiguous rows: mean, then centred second moment, as two passes.
#include "ck_math.h"
#include "ck_types.h"
#include "include/ck_rows.h"

#define CK_NORM(T, S)                                                                             \
  CK_INLINE T ck_mean_##S(const T *x, ptrdiff_t n) {                                              \
    _Pragma("clang fp reassociate(on)") T sum = 0;                                                \
    for (ptrdiff_t i = 0; i < n; i++) sum += x[i];                                                \
    return sum / (T)n;                                                                            \
  }                                                                                               \
  CK_INLINE T ck_variance_##S(const T *x, T mean, ptrdiff_t n) {                                  \
    _Pragma("clang fp reassociate(on)") T sum = 0;                                                \
    for (ptrdiff_t i = 0; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);                       \
    return sum / (T)n;                                                                            \
  }                                                                                               \
  CK_CLONES void ck_layer_norm_##S(                                                               \
      T *out, T *mean, T *rstd, const T *in, const T *weight, const T *bias, double epsilon,      \
      ptrdiff_t rows, ptrdiff_t n) {                                                              \
    for (ptrdiff_t r = 0; r < rows; r++, out += n, in += n) {                                     \
      const T m = ck_mean_##S(in, n);                                                             \
      const T s = 1 / ckm_sqrt_##S(ck_variance_##S(in, m, n) + (T)epsilon);                       \
      mean[r] = m;                                                                                \
      rstd[r] = s;                                                                                \
      if (weight && bias) {                                                                       \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = (in[i] - m) * s * weight[i] + bias[i]; \
      } else if (weight) {                                                                        \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = (in[i] - m) * s * weight[i];         \
      } else if (bias) {                                                                          \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = (in[i] - m) * s + bias[i];           \
      } else {                                                                                    \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = (in[i] - m) * s;                     \
      }                                                                                           \
    }                                                                                             \
  }                                                                                               \
  CK_CLONES void ck_layer_norm_backward_##S(                                                      \
      T *input_gradient, T *weight_gradient, T *bias_gradient, const T *gradient, const T *in,    \
      const T *mean, const T *rstd, const T *weight, ptrdiff_t rows, ptrdiff_t n) {               \
    for (ptrdiff_t r = 0; r < rows; r++, gradient += n, in += n) {                                \
      const T m = mean[r], s = rstd[r];                                                           \
      if (weight_gradient) {                                                                      \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) {                                             \
          weight_gradient[i] += gradient[i] * (in[i] - m) * s;                                    \
        }                                                                                         \
      }                                                                                           \
      if (bias_gradient) {                                                                        \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) bias_gradient[i] += gradient[i];              \
      }                                                                                           \
      if (!input_gradient) continue;                                                              \
      T sum = 0, dot = 0;                                                                         \
      {                                                                                           \
        _Pragma("clang fp reassociate(on)") for (ptrdiff_t i = 0; i < n; i++) {                   \
          const T g = weight ? gradient[i] * weight[i] : gradient[i];                             \
          sum += g;                                                                               \
          dot += g * (in[i] - m);                                                                 \
        }                                                                                         \
      }                                                                                           \
      const T a = sum / (T)n, b = dot * s * s / (T)n;                                             \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) {                                               \
        const T g = weight ? gradient[i] * weight[i] : gradient[i];                               \
        input_gradient[i] = s * (g - a - (in[i] - m) * b);                                        \
      }                                                                                           \
      input_gradient += n;                                                                        \
    }                                                                                             \
  }
CK_NORM(float, f32)
CK_NORM(double, f64)
