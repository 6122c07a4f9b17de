#include "include/ck_optimizer.h"
#include "include/ck_macros.h"

// A fused multiply-add rounds once where the baseline rounds twice.
#pragma clang fp contract(off)

// The loops exist for float and double; the coefficients are rounded to the element type once.
#define DEFINE_SGD(T, SUFFIX)                                                                      \
  CK_CLONES void ck_sgd_##SUFFIX(T *restrict p, const T *restrict gradients, int64_t begin,        \
                                 int64_t end, const ck_sgd_step *step) {                           \
    const T lr = (T)step->learning_rate, decay = (T)step->weight_decay;                            \
    const T scale = (T)step->gradient_scale;                                                       \
    for (int64_t i = begin; i < end; i++) p[i] -= lr * (scale * gradients[i] + decay * p[i]);      \
  }

#define DEFINE_SGD_MOMENTUM(T, SUFFIX)                                                             \
  CK_CLONES void ck_sgd_momentum_##SUFFIX(T *restrict p, const T *restrict gradients,              \
                                          T *restrict buffer, int64_t begin, int64_t end,          \
                                          const ck_sgd_step *step) {                               \
    const T lr = (T)step->learning_rate, decay = (T)step->weight_decay;                            \
    const T scale = (T)step->gradient_scale, momentum = (T)step->momentum;                         \
    for (int64_t i = begin; i < end; i++) {                                                        \
      const T g = scale * gradients[i] + decay * p[i];                                             \
      const T b = momentum * buffer[i] + g;                                                        \
      buffer[i] = b;                                                                               \
      p[i] -= lr * b;                                                                              \
    }                                                                                              \
  }

#define DEFINE_SGD_NESTEROV(T, SUFFIX)                                                             \
  CK_CLONES void ck_sgd_nesterov_##SUFFIX(T *restrict p, const T *restrict gradients,              \
                                          T *restrict buffer, int64_t begin, int64_t end,          \
                                          const ck_sgd_step *step) {                               \
    const T lr = (T)step->learning_rate, decay = (T)step->weight_decay;                            \
    const T scale = (T)step->gradient_scale, momentum = (T)step->momentum;                         \
    for (int64_t i = begin; i < end; i++) {                                                        \
      const T g = scale * gradients[i] + decay * p[i];                                             \
      const T b = momentum * buffer[i] + g;                                                        \
      buffer[i] = b;                                                                               \
      p[i] -= lr * (g + momentum * b);                                                             \
    }                                                                                              \
  }

// The built-in root sets no errno, which would keep the loop from being vectorised.
#define DEFINE_ADAM(T, SUFFIX)                                                                     \
  CK_CLONES void ck_adam_##SUFFIX(T *restrict p, const T *restrict gradients, T *restrict mean,    \
                                  T *restrict variance, int64_t begin, int64_t end,                \
                                  const ck_adam_step *step) {                                      \
    const T beta2 = (T)step->beta2;                                                                \
    const T rest1 = (T)(1 - step->beta1), rest2 = (T)(1 - step->beta2);                            \
    const T correction = (T)step->bias_correction2_sqrt, epsilon = (T)step->epsilon;               \
    const T size = (T)step->step_size, decay = (T)step->weight_decay;                              \
    const T keep = (T)step->parameter_scale, scale = (T)step->gradient_scale;                      \
    for (int64_t i = begin; i < end; i++) {                                                        \
      const T g = scale * gradients[i] + decay * p[i];                                             \
      const T m = mean[i] + rest1 * (g - mean[i]);                                                 \
      const T v = beta2 * variance[i] + rest2 * (g * g);                                           \
      mean[i] = m;                                                                                 \
      variance[i] = v;                                                                             \
      const T root = __builtin_elementwise_sqrt(v);                                                \
      p[i] = keep * p[i] - size * (m / (root / correction + epsilon));                             \
    }                                                                                              \
  }

// Sixteen running sums, added along a fixed tree: the order is the same at every vector width.
#define DEFINE_SQUARED_NORM(T, SUFFIX)                                                             \
  CK_CLONES double ck_squared_norm_##SUFFIX(const T *values, int64_t begin, int64_t end) {         \
    double sums[16] = {0};                                                                         \
    int64_t i = begin;                                                                             \
    for (; i + 16 <= end; i += 16)                                                                 \
      for (int lane = 0; lane < 16; lane++)                                                        \
        sums[lane] += (double)values[i + lane] * (double)values[i + lane];                         \
    for (int lane = 0; i < end; i++, lane++) sums[lane] += (double)values[i] * (double)values[i];  \
    for (int width = 8; width > 0; width /= 2)                                                     \
      for (int lane = 0; lane < width; lane++) sums[lane] += sums[lane + width];                   \
    return sums[0];                                                                                \
  }

DEFINE_SGD(float, f32)
DEFINE_SGD(double, f64)
DEFINE_SGD_MOMENTUM(float, f32)
DEFINE_SGD_MOMENTUM(double, f64)
DEFINE_SGD_NESTEROV(float, f32)
DEFINE_SGD_NESTEROV(double, f64)
DEFINE_ADAM(float, f32)
DEFINE_ADAM(double, f64)
DEFINE_SQUARED_NORM(float, f32)
DEFINE_SQUARED_NORM(double, f64)
