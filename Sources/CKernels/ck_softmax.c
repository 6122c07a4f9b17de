// Softmax, log-softmax and cross-entropy over contiguous rows.
#include "ck_math.h"
#include "ck_types.h"
#include "ck_vector.h"
#include "include/ck_rows.h"

#define CK_SOFTMAX(T, S)                                                                          \
  CK_CLONES void ck_softmax_##S(T *out, const T *in, ptrdiff_t rows, ptrdiff_t n) {               \
    for (ptrdiff_t r = 0; r < rows; r++, out += n, in += n) {                                     \
      const T largest = ck_largest_##S(in, n);                                                    \
      T sum = 0;                                                                                  \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = ckm_exp_##S(in[i] - largest);          \
      {                                                                                           \
        _Pragma("clang fp reassociate(on)") for (ptrdiff_t i = 0; i < n; i++) sum += out[i];      \
      }                                                                                           \
      const T scale = 1 / sum;                                                                    \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] *= scale;                                \
    }                                                                                             \
  }                                                                                               \
  /* The logarithm of the sum of exponentials of x - shift. */                                    \
  CK_INLINE T ck_log_sum_exp_##S(const T *x, T shift, ptrdiff_t n) {                              \
    _Pragma("clang fp reassociate(on)") T sum = 0;                                                \
    for (ptrdiff_t i = 0; i < n; i++) sum += ckm_exp_##S(x[i] - shift);                           \
    return ckm_log_##S(sum);                                                                      \
  }                                                                                               \
  CK_CLONES void ck_log_softmax_##S(T *out, const T *in, ptrdiff_t rows, ptrdiff_t n) {           \
    for (ptrdiff_t r = 0; r < rows; r++, out += n, in += n) {                                     \
      const T largest = ck_largest_##S(in, n);                                                    \
      const T log_sum = ck_log_sum_exp_##S(in, largest, n);                                       \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = (in[i] - largest) - log_sum;           \
    }                                                                                             \
  }                                                                                               \
  CK_CLONES void ck_softmax_backward_##S(                                                         \
      T *out, const T *gradient, const T *output, ptrdiff_t rows, ptrdiff_t n) {                  \
    for (ptrdiff_t r = 0; r < rows; r++, out += n, gradient += n, output += n) {                  \
      T dot = 0;                                                                                  \
      {                                                                                           \
        _Pragma("clang fp reassociate(on)") for (ptrdiff_t i = 0; i < n; i++) dot +=              \
            gradient[i] * output[i];                                                              \
      }                                                                                           \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = output[i] * (gradient[i] - dot);       \
    }                                                                                             \
  }                                                                                               \
  CK_CLONES void ck_log_softmax_backward_##S(                                                     \
      T *out, const T *gradient, const T *output, ptrdiff_t rows, ptrdiff_t n) {                  \
    for (ptrdiff_t r = 0; r < rows; r++, out += n, gradient += n, output += n) {                  \
      T sum = 0;                                                                                  \
      {                                                                                           \
        _Pragma("clang fp reassociate(on)") for (ptrdiff_t i = 0; i < n; i++) sum += gradient[i]; \
      }                                                                                           \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) {                                               \
        out[i] = gradient[i] - ckm_exp_##S(output[i]) * sum;                                      \
      }                                                                                           \
    }                                                                                             \
  }                                                                                               \
  CK_CLONES ptrdiff_t ck_cross_entropy_##S(                                                       \
      T *loss, T *log_softmax, const T *logits, const int64_t *target, ptrdiff_t rows,            \
      ptrdiff_t n) {                                                                              \
    for (ptrdiff_t r = 0; r < rows; r++, log_softmax += n, logits += n) {                         \
      if (target[r] < 0 || target[r] >= n) return r;                                              \
      const T largest = ck_largest_##S(logits, n);                                                \
      const T log_sum = ck_log_sum_exp_##S(logits, largest, n);                                   \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) {                                               \
        log_softmax[i] = (logits[i] - largest) - log_sum;                                         \
      }                                                                                           \
      loss[r] = -log_softmax[target[r]];                                                          \
    }                                                                                             \
    return -1;                                                                                    \
  }                                                                                               \
  CK_CLONES void ck_cross_entropy_backward_##S(                                                   \
      T *out, const T *gradient, ptrdiff_t stride, const T *log_softmax, const int64_t *target,   \
      ptrdiff_t rows, ptrdiff_t n) {                                                              \
    for (ptrdiff_t r = 0; r < rows; r++, out += n, log_softmax += n) {                            \
      const T g = gradient[r * stride];                                                           \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = g * ckm_exp_##S(log_softmax[i]);       \
      out[target[r]] -= g;                                                                        \
    }                                                                                             \
  }
CK_SOFTMAX(float, f32)
CK_SOFTMAX(double, f64)
