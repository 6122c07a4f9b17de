// Functions of whole contiguous rows, for float32 (`_f32`) and float64 (`_f64`): softmax and its
// relatives, cross-entropy, layer normalisation.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CK_ROW_FUNCTIONS(T, S)                                                                     \
  void ck_softmax_##S(T *out, const T *in, ptrdiff_t rows, ptrdiff_t n);                           \
  void ck_log_softmax_##S(T *out, const T *in, ptrdiff_t rows, ptrdiff_t n);                       \
  void ck_softmax_backward_##S(                                                                    \
      T *out, const T *gradient, const T *output, ptrdiff_t rows, ptrdiff_t n);                    \
  void ck_log_softmax_backward_##S(                                                                \
      T *out, const T *gradient, const T *output, ptrdiff_t rows, ptrdiff_t n);                    \
  /* The loss of each row and its log-softmax; returns the first row with a bad target, or -1. */  \
  ptrdiff_t ck_cross_entropy_##S(                                                                  \
      T *loss, T *log_softmax, const T *logits, const int64_t *target, ptrdiff_t rows,             \
      ptrdiff_t n);                                                                                \
  void ck_cross_entropy_backward_##S(                                                              \
      T *out, const T *gradient, ptrdiff_t gradient_stride, const T *log_softmax,                  \
      const int64_t *target, ptrdiff_t rows, ptrdiff_t n);                                         \
  /* Weight and bias may be NULL. */                                                               \
  void ck_layer_norm_##S(                                                                          \
      T *out, T *mean, T *rstd, const T *in, const T *weight, const T *bias, double epsilon,       \
      ptrdiff_t rows, ptrdiff_t n);                                                                \
  /* Gradients of weight and bias are added to; any of the three may be NULL. */                   \
  void ck_layer_norm_backward_##S(                                                                 \
      T *input_gradient, T *weight_gradient, T *bias_gradient, const T *gradient, const T *in,     \
      const T *mean, const T *rstd, const T *weight, ptrdiff_t rows, ptrdiff_t n);
CK_ROW_FUNCTIONS(float, f32)
CK_ROW_FUNCTIONS(double, f64)
