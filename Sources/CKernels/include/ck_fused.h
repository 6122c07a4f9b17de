// Reductions of contiguous [outer, n, inner] arrays over n > 0, with their gradients, for float32 (`_f32`)
// and float64 (`_f64`). Results and their gradients are [outer, inner].
#pragma once
#include <stddef.h>

#define CK_FUSED_REDUCTIONS(T, S)                                                                 \
  void ck_logsumexp_##S(T *out, const T *in, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner);      \
  void ck_logsumexp_backward_##S(                                                                 \
      T *out, const T *in, const T *result, const T *gradient, ptrdiff_t outer, ptrdiff_t n,      \
      ptrdiff_t inner);                                                                           \
  /* The sum of squared distances from the mean over `divisor`. */                                \
  void ck_variance_##S(                                                                           \
      T *out, const T *in, double divisor, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner);        \
  /* scale * gradient * (x - mean). */                                                            \
  void ck_variance_backward_##S(                                                                  \
      T *out, const T *in, const T *gradient, double scale, ptrdiff_t outer, ptrdiff_t n,         \
      ptrdiff_t inner);                                                                           \
  /* The gradient shared evenly by the elements that equal the result; NaN where none does. */    \
  void ck_extreme_backward_##S(                                                                   \
      T *out, const T *in, const T *result, const T *gradient, ptrdiff_t outer, ptrdiff_t n,      \
      ptrdiff_t inner);
CK_FUSED_REDUCTIONS(float, f32)
CK_FUSED_REDUCTIONS(double, f64)
