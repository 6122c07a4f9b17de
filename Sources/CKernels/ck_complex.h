// Complex arithmetic that C's operators do too slowly, or inaccurately near 0 and infinity.
#pragma once
#include <math.h>
#include "ck_types.h"

// R. Smith (1962): scaled by the larger part of the divisor, so that nothing overflows halfway. A zero
// divisor gives infinities and NaN part by part.
#define CK_COMPLEX_DIVISION(C, S, R, FABS, MAKE)                                   \
  CK_INLINE C ckm_div_##S(C x, C y) {                                              \
    const R a = __real__ x, b = __imag__ x, c = __real__ y, d = __imag__ y;        \
    if (FABS(c) >= FABS(d)) {                                                      \
      if (c == 0 && d == 0) return MAKE(a / FABS(c), b / FABS(d));                 \
      const R ratio = d / c, scale = 1 / (c + d * ratio);                          \
      return MAKE((a + b * ratio) * scale, (b - a * ratio) * scale);               \
    }                                                                              \
    const R ratio = c / d, scale = 1 / (c * ratio + d);                            \
    return MAKE((a * ratio + b) * scale, (b * ratio - a) * scale);                 \
  }
#define CK_MAKE_c64(RE, IM) __builtin_complex((float)(RE), (float)(IM))
#define CK_MAKE_c128(RE, IM) __builtin_complex((double)(RE), (double)(IM))
CK_COMPLEX_DIVISION(ck_c64, c64, float, fabsf, CK_MAKE_c64)
CK_COMPLEX_DIVISION(ck_c128, c128, double, fabs, CK_MAKE_c128)

// exp(x) - 1: the real part is expm1(a)·cos b - 2·sin²(b/2).
CK_INLINE ck_c128 ckm_expm1_c128(ck_c128 x) {
  const double a = __real__ x, b = __imag__ x, half = sin(b / 2);
  return CK_MAKE_c128(expm1(a) * cos(b) - 2 * half * half, b == 0 ? b : exp(a) * sin(b));
}

// log(1 + x): the real part is log1p(2a + a² + b²) / 2 where x is small.
CK_INLINE ck_c128 ckm_log1p_c128(ck_c128 x) {
  const double a = __real__ x, b = __imag__ x;
  if (fabs(a) + fabs(b) < 0.5) {
    return CK_MAKE_c128(log1p(a * (2 + a) + b * b) / 2, atan2(b, 1 + a));
  }
  return clog(CK_MAKE_c128(1 + a, b));
}

// x / |x|, zero at zero.
CK_INLINE ck_c128 ckm_sgn_c128(ck_c128 x) {
  const double length = cabs(x);
  return length == 0 ? 0 : CK_MAKE_c128(__real__ x / length, __imag__ x / length);
}

CK_INLINE ck_c128 ckm_sigmoid_c128(ck_c128 x) { return ckm_div_c128(1, 1 + cexp(-x)); }

// The operand with the larger real part goes in front.
CK_INLINE ck_c128 ckm_logaddexp_c128(ck_c128 x, ck_c128 y) {
  if (isnan(__real__ x) || isnan(__imag__ x)) return x;
  if (isnan(__real__ y) || isnan(__imag__ y)) return y;
  const ck_c128 low = __real__ x < __real__ y ? x : y, high = __real__ x < __real__ y ? y : x;
  if (isinf(__real__ low) && __real__ low == __real__ high) {
    return __real__ low < 0 ? low : clog(cexp(low) + cexp(high));
  }
  return ckm_log1p_c128(cexp(low - high)) + high;
}

#define CK_COMPLEX_FROM_DOUBLE(NAME) \
  CK_INLINE ck_c64 ckm_##NAME##_c64(ck_c64 x) { return (ck_c64)ckm_##NAME##_c128((ck_c128)x); }
CK_COMPLEX_FROM_DOUBLE(expm1)
CK_COMPLEX_FROM_DOUBLE(log1p)
CK_COMPLEX_FROM_DOUBLE(sgn)
CK_COMPLEX_FROM_DOUBLE(sigmoid)
CK_INLINE ck_c64 ckm_logaddexp_c64(ck_c64 x, ck_c64 y) {
  return (ck_c64)ckm_logaddexp_c128((ck_c128)x, (ck_c128)y);
}
