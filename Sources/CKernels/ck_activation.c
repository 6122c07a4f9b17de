// The activation functions of neural networks.
#include <math.h>
#include "ck_complex.h"
#include "ck_loops.h"
#include "ck_math.h"
#pragma STDC CX_LIMITED_RANGE ON

CK_EACH_REAL(CK_UNARY, relu, (x <= 0 ? 0 : x))
CK_EACH_FLOAT(CK_UNARY, leaky_relu, (x > 0 ? x : x * lower))
CK_UNARY_FLOAT(sigmoid)
CK_UNARY(ck_c64, c64, sigmoid, ckm_sigmoid_c64(x))
CK_UNARY(ck_c128, c128, sigmoid, ckm_sigmoid_c128(x))
CK_UNARY(ck_c64, c64, silu, x * ckm_sigmoid_c64(x))
CK_UNARY(ck_c128, c128, silu, x * ckm_sigmoid_c128(x))
// The saturating line of hard sigmoid, 0…6 over -3…3.
#define CK_RAMP(T) (x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3)
CK_EACH_FLOAT(CK_UNARY, hardsigmoid, CK_RAMP(T) / 6)
CK_EACH_FLOAT(CK_UNARY, hardswish, x * CK_RAMP(T) / 6)

// mish: x·tanh(log(1 + e)) with e = exp x is x·n/(n + 2) with n = e(e + 2); past 20 it is x.
#define CK_ACTIVATIONS(T, S)                                                                        \
  CK_INLINE T ckm_mish_##S(T x) {                                                                   \
    const T e = ckm_exp_##S(x > 20 ? 20 : x), n = e * (e + 2);                                      \
    return x * (n / (n + 2));                                                                       \
  }                                                                                                 \
  CK_INLINE T ckm_softplus_##S(T x, T beta, T threshold) {                                          \
    const T scaled = x * beta;                                                                      \
    const T soft = ckm_log1p_##S(ckm_exp_##S(scaled)) / beta;                                       \
    return scaled > threshold ? x : soft;                                                           \
  }                                                                                                 \
  CK_INLINE T ckm_logsigmoid_##S(T x) {                                                             \
    return (x < 0 ? x : x != x ? x : 0) - ckm_log1p_##S(ckm_exp_##S(x < 0 ? x : -x));               \
  }                                                                                                 \
  CK_UNARY(T, S, silu, x * ckm_sigmoid_##S(x))                                                      \
  CK_UNARY(T, S, mish, ckm_mish_##S(x))                                                             \
  CK_UNARY(T, S, softplus, ckm_softplus_##S(x, lower, upper))                                       \
  CK_UNARY(T, S, logsigmoid, ckm_logsigmoid_##S(x))                                                 \
  /* lower is alpha, upper the scale. */                                                            \
  CK_UNARY(T, S, elu, upper * (x > 0 ? x : lower * ckm_expm1_##S(x)))
CK_ACTIVATIONS(float, f32)
CK_ACTIVATIONS(double, f64)

// The product of minus infinity and zero would be NaN.
CK_UNARY(float, f32, gelu, (x < -5.5f ? -0.0f : x * ckm_normal_f32(x)))
CK_UNARY(double, f64, gelu, 0.5 * x * (1 + erf(x * M_SQRT1_2)))
CK_UNARY(float, f32, gelu_tanh, 0.5f * x * (1 + ckm_tanh_f32(0.79788456f * (x + 0.044715f * x * x * x))))
CK_UNARY(double, f64, gelu_tanh, 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))))

ck_unary_family ck_unary_activation = {
  CK_IN_FAMILY(CK_RELU) = {CK_TABLE_REAL(ck_relu)},
  CK_IN_FAMILY(CK_LEAKY_RELU) = {CK_TABLE_FLOAT(ck_leaky_relu)},
  CK_IN_FAMILY(CK_SIGMOID) = {CK_TABLE_INEXACT(ck_sigmoid)},
  CK_IN_FAMILY(CK_GELU) = {CK_TABLE_FLOAT(ck_gelu)},
  CK_IN_FAMILY(CK_GELU_TANH) = {CK_TABLE_FLOAT(ck_gelu_tanh)},
  CK_IN_FAMILY(CK_SILU) = {CK_TABLE_INEXACT(ck_silu)},
  CK_IN_FAMILY(CK_MISH) = {CK_TABLE_FLOAT(ck_mish)},
  CK_IN_FAMILY(CK_ELU) = {CK_TABLE_FLOAT(ck_elu)},
  CK_IN_FAMILY(CK_SOFTPLUS) = {CK_TABLE_FLOAT(ck_softplus)},
  CK_IN_FAMILY(CK_LOGSIGMOID) = {CK_TABLE_FLOAT(ck_logsigmoid)},
  CK_IN_FAMILY(CK_HARDSIGMOID) = {CK_TABLE_FLOAT(ck_hardsigmoid)},
  CK_IN_FAMILY(CK_HARDSWISH) = {CK_TABLE_FLOAT(ck_hardswish)},
};
