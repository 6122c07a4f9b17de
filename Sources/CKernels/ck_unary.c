// Arithmetic, powers and logarithms of one operand, and rounding.
#include <tgmath.h>
#include "ck_complex.h"
#include "ck_loops.h"
#include "ck_math.h"
#pragma STDC CX_LIMITED_RANGE ON

CK_EACH_REAL(CK_UNARY, neg, (0 - x))
CK_EACH_COMPLEX(CK_UNARY, neg, -x)
CK_EACH_NUMBER(CK_UNARY, square, x * x)
CK_EACH_REAL(CK_UNARY, abs, (x < 0 ? 0 - x : x + 0))
CK_UNARY(bool, b, sign, x)
CK_EACH_REAL(CK_UNARY, sign, (x > 0) - (x < 0))
CK_UNARY(ck_c64, c64, sign, ckm_sgn_c64(x))
CK_UNARY(ck_c128, c128, sign, ckm_sgn_c128(x))
CK_EACH_REAL(CK_UNARY, clamp, (x < lower ? lower : x > upper ? upper : x))
CK_EACH_FLOAT(CK_UNARY, reciprocal, 1 / x)
CK_UNARY(ck_c64, c64, reciprocal, ckm_div_c64(1, x))
CK_UNARY(ck_c128, c128, reciprocal, ckm_div_c128(1, x))
CK_EACH_COMPLEX(CK_UNARY, conj, conj(x))

CK_UNARY_FLOAT(exp)
CK_UNARY_FLOAT(expm1)
CK_UNARY_FLOAT(log)
CK_UNARY_FLOAT(log1p)
CK_UNARY_FLOAT(sqrt)
CK_EACH_FLOAT(CK_UNARY, exp2, exp2(x))
CK_EACH_FLOAT(CK_UNARY, log2, log2(x))
CK_EACH_FLOAT(CK_UNARY, log10, log10(x))
CK_UNARY(float, f32, rsqrt, 1 / ckm_sqrt_f32(x))
CK_UNARY(double, f64, rsqrt, 1 / ckm_sqrt_f64(x))

// tgmath.h picks the complex function of the operand's width.
CK_EACH_COMPLEX(CK_UNARY, exp, exp(x))
CK_EACH_COMPLEX(CK_UNARY, exp2, exp(x * M_LN2))
CK_EACH_COMPLEX(CK_UNARY, log, log(x))
CK_EACH_COMPLEX(CK_UNARY, log2, log(x) * (1 / M_LN2))
CK_EACH_COMPLEX(CK_UNARY, log10, log(x) * (1 / M_LN10))
CK_EACH_COMPLEX(CK_UNARY, sqrt, sqrt(x))
CK_UNARY(ck_c64, c64, expm1, ckm_expm1_c64(x))
CK_UNARY(ck_c128, c128, expm1, ckm_expm1_c128(x))
CK_UNARY(ck_c64, c64, log1p, ckm_log1p_c64(x))
CK_UNARY(ck_c128, c128, log1p, ckm_log1p_c128(x))
CK_UNARY(ck_c64, c64, rsqrt, ckm_div_c64(1, sqrt(x)))
CK_UNARY(ck_c128, c128, rsqrt, ckm_div_c128(1, sqrt(x)))

CK_EACH_FLOAT(CK_UNARY, floor, __builtin_elementwise_floor(x))
CK_EACH_FLOAT(CK_UNARY, ceil, __builtin_elementwise_ceil(x))
CK_EACH_FLOAT(CK_UNARY, trunc, __builtin_elementwise_trunc(x))
CK_EACH_FLOAT(CK_UNARY, round, __builtin_elementwise_roundeven(x))
// The power of ten of the decimals, multiplied with (upper > 0) or divided by.
CK_EACH_FLOAT(CK_UNARY, round_decimals,
  (upper > 0 ? __builtin_elementwise_roundeven(x * lower) / lower
             : __builtin_elementwise_roundeven(x / lower) * lower))
CK_EACH_FLOAT(CK_UNARY, nan_to_num,
  (x != x ? lower : x == INFINITY ? upper : x == -INFINITY ? ((__typeof__(u))p)[2] : x))

ck_unary_family ck_unary_arithmetic = {
  [CK_NEG] = {CK_TABLE_NUMBER(ck_neg)},
  [CK_ABS] = {CK_TABLE_REAL(ck_abs)},
  [CK_SIGN] = {CK_TABLE_ALL(ck_sign)},
  [CK_EXP] = {CK_TABLE_INEXACT(ck_exp)},
  [CK_EXPM1] = {CK_TABLE_INEXACT(ck_expm1)},
  [CK_EXP2] = {CK_TABLE_INEXACT(ck_exp2)},
  [CK_LOG] = {CK_TABLE_INEXACT(ck_log)},
  [CK_LOG1P] = {CK_TABLE_INEXACT(ck_log1p)},
  [CK_LOG2] = {CK_TABLE_INEXACT(ck_log2)},
  [CK_LOG10] = {CK_TABLE_INEXACT(ck_log10)},
  [CK_SQRT] = {CK_TABLE_INEXACT(ck_sqrt)},
  [CK_RSQRT] = {CK_TABLE_INEXACT(ck_rsqrt)},
  [CK_SQUARE] = {CK_TABLE_NUMBER(ck_square)},
  [CK_RECIPROCAL] = {CK_TABLE_INEXACT(ck_reciprocal)},
  [CK_CLAMP] = {CK_TABLE_REAL(ck_clamp)},
  [CK_CONJ] = {CK_TABLE_COMPLEX(ck_conj)},
  [CK_FLOOR] = {CK_TABLE_FLOAT(ck_floor)},
  [CK_CEIL] = {CK_TABLE_FLOAT(ck_ceil)},
  [CK_TRUNC] = {CK_TABLE_FLOAT(ck_trunc)},
  [CK_ROUND] = {CK_TABLE_FLOAT(ck_round)},
  [CK_ROUND_DECIMALS] = {CK_TABLE_FLOAT(ck_round_decimals)},
  [CK_NAN_TO_NUM] = {CK_TABLE_FLOAT(ck_nan_to_num)},
};

ck_unary_loop *ck_unary(ck_unary_op op, uint8_t dtype) {
  static ck_unary_family *const families[] = {
    &ck_unary_arithmetic, &ck_unary_trigonometric, &ck_unary_special, &ck_unary_activation,
  };
  return (*families[op / CK_FAMILY_SIZE])[op % CK_FAMILY_SIZE][dtype];
}
