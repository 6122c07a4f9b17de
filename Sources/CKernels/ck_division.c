// Rounded division and its remainders, and functions of two operands that are not arithmetic.
#include <tgmath.h>
#include "ck_complex.h"
#include "ck_loops.h"
#include "ck_math.h"

// A zero divisor, which the caller refuses, gives zero instead of a trap; -1 negates, because the
// processor traps on the smallest number divided by it.
#define CK_INTEGER_DIVISION(T, S)                                                              \
  CK_INLINE T ckm_div_trunc_##S(T x, T y) {                                                    \
    return y == 0 ? 0 : y == (T)-1 && (T)-1 < 0 ? (T)(0 - (uint64_t)x) : (T)(x / y);           \
  }                                                                                            \
  CK_INLINE T ckm_fmod_##S(T x, T y) {                                                         \
    return y == 0 || (y == (T)-1 && (T)-1 < 0) ? 0 : (T)(x % y);                               \
  }                                                                                            \
  CK_INLINE T ckm_div_floor_##S(T x, T y) {                                                    \
    const T rest = ckm_fmod_##S(x, y);                                                         \
    return (T)(ckm_div_trunc_##S(x, y) - (rest != 0 && (rest < 0) != (y < 0)));                \
  }                                                                                            \
  CK_INLINE T ckm_remainder_##S(T x, T y) {                                                    \
    const T rest = ckm_fmod_##S(x, y);                                                         \
    return rest != 0 && (rest < 0) != (y < 0) ? (T)(rest + y) : rest;                          \
  }
CK_INTEGER_DIVISION(uint8_t, u8)
CK_INTEGER_DIVISION(int32_t, i32)
CK_INTEGER_DIVISION(int64_t, i64)

#define CK_FLOAT_DIVISION(T, S)                                                                \
  CK_INLINE T ckm_div_trunc_##S(T x, T y) { return __builtin_elementwise_trunc(x / y); }       \
  CK_INLINE T ckm_fmod_##S(T x, T y) { return fmod(x, y); }                                    \
  CK_INLINE T ckm_remainder_##S(T x, T y) {                                                    \
    const T rest = fmod(x, y);                                                                 \
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;                               \
  }                                                                                            \
  /* The quotient of x less its remainder is nearly an integer: the nearest one is exact. */   \
  CK_INLINE T ckm_div_floor_##S(T x, T y) {                                                    \
    if (y == 0) return x / y;                                                                  \
    const T rest = fmod(x, y);                                                                 \
    const T quotient = (x - rest) / y - (rest != 0 && (rest < 0) != (y < 0));                  \
    if (quotient == 0) return copysign((T)0, x / y);                                           \
    const T whole = floor(quotient);                                                           \
    return quotient - whole > (T)0.5 ? whole + 1 : whole;                                      \
  }
CK_FLOAT_DIVISION(float, f32)
CK_FLOAT_DIVISION(double, f64)

#define CK_DIVISION(T, S, NAME) CK_BINARY(T, S, NAME, ckm_##NAME##_##S(x, y))
CK_EACH_REAL(CK_DIVISION, div_floor)
CK_EACH_REAL(CK_DIVISION, div_trunc)
CK_EACH_REAL(CK_DIVISION, remainder)
CK_EACH_REAL(CK_DIVISION, fmod)

CK_EACH_FLOAT(CK_BINARY, atan2, atan2(x, y))

#define CK_LOGADDEXP(T, S, ...)                                                                \
  CK_INLINE T ckm_logaddexp_##S(T x, T y) {                                                    \
    const T high = x > y ? x : y;                                                              \
    const T sum = high + ckm_log1p_##S(ckm_exp_##S(x > y ? y - x : x - y));                    \
    return x == y && fabs(x) == INFINITY ? x : sum;                                            \
  }
CK_EACH_FLOAT(CK_LOGADDEXP, )
CK_EACH_INEXACT(CK_DIVISION, logaddexp)

CK_BINARY(float, f32, xlogy, (x == 0 && y == y ? 0 : x * ckm_log_f32(y)))
CK_BINARY(double, f64, xlogy, (x == 0 && y == y ? 0 : x * log(y)))

ck_binary_family ck_binary_division = {
  CK_IN_FAMILY(CK_DIV_FLOOR) = {CK_TABLE_REAL(ck_div_floor)},
  CK_IN_FAMILY(CK_DIV_TRUNC) = {CK_TABLE_REAL(ck_div_trunc)},
  CK_IN_FAMILY(CK_REMAINDER) = {CK_TABLE_REAL(ck_remainder)},
  CK_IN_FAMILY(CK_FMOD) = {CK_TABLE_REAL(ck_fmod)},
  CK_IN_FAMILY(CK_ATAN2) = {CK_TABLE_FLOAT(ck_atan2)},
  CK_IN_FAMILY(CK_LOGADDEXP) = {CK_TABLE_INEXACT(ck_logaddexp)},
  CK_IN_FAMILY(CK_XLOGY) = {CK_TABLE_FLOAT(ck_xlogy)},
};
