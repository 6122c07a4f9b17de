// Normalisation of the channels of arrays [samples, channels, positions].
#pragma once
#include <stddef.h>

/// Each channel to mean 0 and variance 1, then scaled and shifted; weight, bias and, in the backward
/// pass, each gradient may be null. The variance is the biased one.
#define CK_BATCH_NORM(T, S)                                                                        \
  void ck_batch_norm_##S(                                                                          \
      T *out, T *mean, T *variance, const T *in, const T *weight, const T *bias, double epsilon,   \
      ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions);                                 \
  void ck_batch_norm_backward_##S(                                                                 \
      T *input_gradient, T *weight_gradient, T *bias_gradient, const T *gradient, const T *in,     \
      const T *mean, const T *variance, const T *weight, double epsilon, ptrdiff_t samples,        \
      ptrdiff_t channels, ptrdiff_t positions);
CK_BATCH_NORM(float, f32)
CK_BATCH_NORM(double, f64)
#undef CK_BATCH_NORM

/// The steps of the above for one part of a batch: the mean of each channel and the sum of the squared
/// distances from it; normalisation by the moments of the whole batch; in the backward pass the sums of
/// the gradient and of its products with the distances; and the input's gradient from the sums over the
/// whole batch, which has `count` elements a channel.
#define CK_BATCH_NORM(T, S)                                                                        \
  void ck_batch_norm_moments_##S(                                                                  \
      double *mean, double *squares, const T *in, ptrdiff_t samples, ptrdiff_t channels,           \
      ptrdiff_t positions);                                                                        \
  void ck_batch_norm_apply_##S(                                                                    \
      T *out, const T *in, const double *mean, const double *variance, const T *weight,            \
      const T *bias, double epsilon, ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions);  \
  void ck_batch_norm_sums_##S(                                                                     \
      double *total, double *product, const T *gradient, const T *in, const double *mean,          \
      ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions);                                 \
  void ck_batch_norm_gradient_##S(                                                                 \
      T *out, const T *gradient, const T *in, const double *mean, const double *variance,          \
      const T *weight, double epsilon, const double *total, const double *product, double count,   \
      ptrdiff_t samples, ptrdiff_t channels, ptrdiff_t positions);
CK_BATCH_NORM(float, f32)
CK_BATCH_NORM(double, f64)
#undef CK_BATCH_NORM
