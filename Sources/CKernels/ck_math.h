// Elementary functions written as straight-line arithmetic, so that loops over them vectorise.
//
// float32: within 2 units in the last place of the true value (measured in ElementwiseTests) where FMA
// exists; the minimax polynomials for exp, log, erf and tanh are those published by N. Juffa.
// Products and sums contract to FMA in the clones that have it.
#pragma once
#include <math.h>
#include <stdint.h>
#include "include/ck_macros.h"

CK_INLINE float ck_float_from_bits(uint32_t bits) { union { uint32_t u; float f; } x = {bits}; return x.f; }
CK_INLINE uint32_t ck_bits_of_float(float value) { union { float f; uint32_t u; } x = {value}; return x.u; }

CK_INLINE float ckm_exp_f32(float x) {
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = x * 1.44269504f + magic;
  const float r = shifted - magic;
  float f = r * -6.93145752e-1f + x;
  f = r * -1.42860677e-6f + f;
  float y = 1.37805939e-3f;
  y = y * f + 8.37312452e-3f;
  y = y * f + 4.16695364e-2f;
  y = y * f + 1.66664720e-1f;
  y = y * f + 4.99999851e-1f;
  y = y * f + 1.0f;
  y = y * f + 1.0f;
  // 2^i in two factors: neither overflows where the result is subnormal or infinite.
  const int32_t i = (int32_t)(ck_bits_of_float(shifted) - 0x4b400000u);
  const int32_t half = i >> 1;
  y *= ck_float_from_bits((uint32_t)(half + 127) << 23);
  return y * ck_float_from_bits((uint32_t)(i - half + 127) << 23);
}

CK_INLINE float ckm_log_f32(float x) {
  const int tiny = x < 1.17549435e-38f;
  const float scaled = tiny ? x * 8388608.0f : x;
  const uint32_t bits = ck_bits_of_float(scaled);
  const uint32_t exponent = (bits - 0x3f2aaaabu) & 0xff800000u;
  const float f = ck_float_from_bits(bits - exponent) - 1.0f;
  const float i = (float)(int32_t)exponent * 1.19209290e-7f + (tiny ? -23.0f : 0.0f);
  const float s = f * f;
  float r = -0.130310059f, t = 0.140869141f;
  r = r * s + -0.121483512f;
  t = t * s + 0.139814854f;
  r = r * s + -0.166846126f;
  t = t * s + 0.200120345f;
  r = r * s + -0.249996200f;
  r = t * f + r;
  r = r * f + 0.333331972f;
  r = r * f + -0.500000000f;
  r = r * s + f;
  r = i * 0.693147182f + r;
  r = x < INFINITY ? r : x;  // infinity and NaN
  r = x == 0.0f ? -INFINITY : r;
  return x < 0.0f ? NAN : r;
}

CK_INLINE float ckm_log1p_f32(float x) {
  const float u = 1.0f + x;
  const float correction = (x - (u - 1.0f)) / u;
  const float r = ckm_log_f32(u) + correction;
  return u < INFINITY && u > 0.0f ? r : ckm_log_f32(u);
}

CK_INLINE float ckm_tanh_f32(float x) {
  const float t = fabsf(x), s = x * x;
  const float large = 1.0f - 2.0f / (ckm_exp_f32(2.0f * t) + 1.0f);
  float r = 1.57394409e-2f;
  r = r * s + -5.23025580e-2f;
  r = r * s + 1.33152470e-1f;
  r = r * s + -3.33327681e-1f;
  r = r * s;
  r = r * x + x;
  return t >= 0.599609375f ? copysignf(large, x) : r;
}

// tanh(x/2)·(eˣ + 1): both factors are accurate everywhere.
CK_INLINE float ckm_expm1_f32(float x) {
  const float product = ckm_tanh_f32(0.5f * x) * (ckm_exp_f32(x) + 1.0f);
  return x < INFINITY ? product : x;
}

CK_INLINE float ckm_erf_f32(float x) {
  const float t = fabsf(x), s = x * x;
  float u = -1.72853470e-5f * t + 3.83197126e-4f;
  const float v = -3.88396438e-3f * t + 2.42546219e-2f;
  u = u * s + v;
  u = u * t + -1.06777877e-1f;
  u = u * t + -6.34846687e-1f;
  u = u * t + -1.28717512e-1f;
  u = u * t + -t;
  u = t > 9.0f ? -104.0f : u;  // the polynomial turns around far outside
  const float large = copysignf(1.0f - ckm_exp_f32(u), x);
  float r = -5.96761703e-4f;
  r = r * s + 4.99119423e-3f;
  r = r * s + -2.67681349e-2f;
  r = r * s + 1.12819925e-1f;
  r = r * s + -3.76125336e-1f;
  r = r * s + 1.28379166e-1f;
  r = r * x + x;
  return t > 0.927734375f ? large : r;
}

// The normal distribution function, 1/2 + x·Q(x²): Q is the minimax polynomial of degree 15 over
// |x| < 5.5, outside of which the rounded value is 0 or 1. Within 1.5e-7.
CK_INLINE float ckm_normal_f32(float x) {
  const float w = x * x * (2.0f / (5.5f * 5.5f)) - 1.0f;
  float r = -2.381910745e-04f;
  r = r * w + 6.331355544e-04f;
  r = r * w + -5.236024153e-04f;
  r = r * w + 7.153080078e-04f;
  r = r * w + -2.425417770e-03f;
  r = r * w + 4.627462476e-03f;
  r = r * w + -6.815789267e-03f;
  r = r * w + 1.022452954e-02f;
  r = r * w + -1.500038151e-02f;
  r = r * w + 2.036553621e-02f;
  r = r * w + -2.604805678e-02f;
  r = r * w + 3.207012638e-02f;
  r = r * w + -3.879280016e-02f;
  r = r * w + 4.773763567e-02f;
  r = r * w + -6.417233497e-02f;
  r = r * w + 1.285519302e-01f;
  r = r * x + 0.5f;
  r = x > 5.5f ? 1.0f : r;
  return x < -5.5f ? 0.0f : r;
}

CK_INLINE float ckm_sigmoid_f32(float x) { return 1.0f / (1.0f + ckm_exp_f32(-x)); }
// The builtin, unlike sqrtf, does not set errno, which would keep the loop scalar.
CK_INLINE float ckm_sqrt_f32(float x) { return __builtin_elementwise_sqrt(x); }

// The sine, or the cosine one quarter of a turn further on, for |x| ≤ 1e5: the nearest multiple of π/2 is
// taken away in three parts (Cody and Waite, 1980), and minimax polynomials serve the quarter around it.
CK_INLINE float ckm_sine_f32(float x, int32_t quarter) {
  const float magic = 12582912.0f;
  const float shifted = x * 0.636619772f + magic;
  const float k = shifted - magic;
  float r = k * -1.57079601e+00f + x;
  r = k * -3.13916473e-07f + r;
  r = k * -5.39030253e-15f + r;
  const float s = r * r;
  float sine = 2.717564485e-06f;
  sine = sine * s + -1.983925613e-04f;
  sine = sine * s + 8.333329111e-03f;
  sine = sine * s + -1.666666716e-01f;
  sine = sine * (s * r) + r;
  float cosine = -2.720329917e-07f;
  cosine = cosine * s + 2.479943578e-05f;
  cosine = cosine * s + -1.388888340e-03f;
  cosine = cosine * s + 4.166666791e-02f;
  cosine = cosine * (s * s) + (s * -0.5f + 1.0f);
  const uint32_t turn = ck_bits_of_float(shifted) + (uint32_t)quarter;
  const float value = turn & 1 ? cosine : sine;
  return ck_float_from_bits(ck_bits_of_float(value) ^ ((turn & 2) << 30));
}
CK_INLINE float ckm_small_sin_f32(float x) { return x == 0 ? x : ckm_sine_f32(x, 0); }
CK_INLINE float ckm_small_cos_f32(float x) { return ckm_sine_f32(x, 1); }
CK_INLINE float ckm_pow_f32(float x, float y) { return powf(x, y); }

CK_INLINE double ckm_exp_f64(double x) { return exp(x); }
CK_INLINE double ckm_expm1_f64(double x) { return expm1(x); }
CK_INLINE double ckm_log_f64(double x) { return log(x); }
CK_INLINE double ckm_log1p_f64(double x) { return log1p(x); }
CK_INLINE double ckm_tanh_f64(double x) { return tanh(x); }
CK_INLINE double ckm_erf_f64(double x) { return erf(x); }
CK_INLINE double ckm_sigmoid_f64(double x) { return 1.0 / (1.0 + exp(-x)); }
CK_INLINE double ckm_sqrt_f64(double x) { return __builtin_elementwise_sqrt(x); }
CK_INLINE double ckm_sin_f64(double x) { return sin(x); }
CK_INLINE double ckm_cos_f64(double x) { return cos(x); }
CK_INLINE double ckm_pow_f64(double x, double y) { return pow(x, y); }
