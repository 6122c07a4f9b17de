// Gradients through activation functions, fused into one loop.
#include <math.h>
#include "ck_loops.h"
#include "ck_math.h"
#pragma STDC CX_LIMITED_RANGE ON

CK_EACH_REAL(CK_BINARY, threshold_backward, (y <= s ? 0 : x))
CK_EACH_FLOAT(CK_BINARY, tanh_backward, x *(1 - y * y))
CK_EACH_FLOAT(CK_BINARY, sigmoid_backward, x *(y * (1 - y)))
CK_EACH_COMPLEX(CK_BINARY, tanh_backward, x *conj(1 - y * y))
CK_EACH_COMPLEX(CK_BINARY, sigmoid_backward, x *conj(y * (1 - y)))

// d/dy y Phi(y) = Phi(y) + y phi(y)
CK_BINARY(float, f32, gelu_backward,
  x *(0.5f * (1 + ckm_erf_f32(y * 0.70710678f)) + y * 0.39894228f * ckm_exp_f32(-0.5f * y * y)))
CK_BINARY(double, f64, gelu_backward,
  x *(0.5 * (1 + erf(y * M_SQRT1_2)) + y * 0.3989422804014327 * exp(-0.5 * y * y)))

CK_INLINE float ck_gelu_tanh_slope_f32(float y) {
  const float t = ckm_tanh_f32(0.79788456f * (y + 0.044715f * y * y * y));
  return 0.5f * (1 + t) + 0.5f * y * (1 - t * t) * 0.79788456f * (1 + 0.134145f * y * y);
}
CK_INLINE double ck_gelu_tanh_slope_f64(double y) {
  const double t = tanh(0.7978845608028654 * (y + 0.044715 * y * y * y));
  return 0.5 * (1 + t) + 0.5 * y * (1 - t * t) * 0.7978845608028654 * (1 + 0.134145 * y * y);
}
CK_BINARY(float, f32, gelu_tanh_backward, x *ck_gelu_tanh_slope_f32(y))
CK_BINARY(double, f64, gelu_tanh_backward, x *ck_gelu_tanh_slope_f64(y))

ck_binary_family ck_binary_gradient = {
  CK_IN_FAMILY(CK_THRESHOLD_BACKWARD) = {CK_TABLE_REAL(ck_threshold_backward)},
  CK_IN_FAMILY(CK_GELU_BACKWARD) = {CK_TABLE_FLOAT(ck_gelu_backward)},
  CK_IN_FAMILY(CK_GELU_TANH_BACKWARD) = {CK_TABLE_FLOAT(ck_gelu_tanh_backward)},
  CK_IN_FAMILY(CK_TANH_BACKWARD) = {CK_TABLE_INEXACT(ck_tanh_backward)},
  CK_IN_FAMILY(CK_SIGMOID_BACKWARD) = {CK_TABLE_INEXACT(ck_sigmoid_backward)},
};
