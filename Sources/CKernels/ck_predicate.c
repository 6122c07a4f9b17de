// Functions of one operand whose result has another type: tests, and the real parts of complex numbers.
#include <tgmath.h>
#include "ck_loops.h"

#define CK_PREDICATE(T, S, NAME, EXPRESSION) CK_UNARY_TO(uint8_t, T, S, NAME, (EXPRESSION))
#define CK_PREDICATE_PARTS(T, S, NAME, PART, JOIN) \
  CK_PREDICATE(T, S, NAME, PART(__real__ x) JOIN PART(__imag__ x))
// Comparisons, not the classification macros, which keep the loop scalar.
#define CK_IS_NAN(X) ((X) != (X))
#define CK_IS_INFINITE(X) (fabs(X) == INFINITY)
#define CK_IS_FINITE(X) (fabs(X) < INFINITY)
CK_EACH_TYPE(CK_PREDICATE, logical_not, x == 0)
CK_EACH_FLOAT(CK_PREDICATE, isnan, CK_IS_NAN(x))
CK_EACH_FLOAT(CK_PREDICATE, isinf, CK_IS_INFINITE(x))
CK_EACH_FLOAT(CK_PREDICATE, isfinite, CK_IS_FINITE(x))
CK_EACH_COMPLEX(CK_PREDICATE_PARTS, isnan, CK_IS_NAN, ||)
CK_EACH_COMPLEX(CK_PREDICATE_PARTS, isinf, CK_IS_INFINITE, ||)
CK_EACH_COMPLEX(CK_PREDICATE_PARTS, isfinite, CK_IS_FINITE, &&)
CK_EACH_INTEGER(CK_PREDICATE, signbit, x < 0)
CK_PREDICATE(float, f32, signbit, __builtin_signbitf(x) != 0)
CK_PREDICATE(double, f64, signbit, __builtin_signbit(x) != 0)

ck_unary_loop *ck_predicate(ck_predicate_op op, uint8_t dtype) {
  static ck_unary_loop *const table[CK_PREDICATE_COUNT][CK_DTYPE_COUNT] = {
    [CK_LOGICAL_NOT] = {CK_TABLE_ALL(ck_logical_not)},
    [CK_ISNAN] = {CK_TABLE_INEXACT(ck_isnan)},
    [CK_ISINF] = {CK_TABLE_INEXACT(ck_isinf)},
    [CK_ISFINITE] = {CK_TABLE_INEXACT(ck_isfinite)},
    [CK_SIGNBIT] = {CK_TABLE_REAL(ck_signbit)},
  };
  return table[op][dtype];
}

CK_UNARY_TO(float, ck_c64, c64, complex_abs, cabsf(x))
CK_UNARY_TO(double, ck_c128, c128, complex_abs, cabs(x))
CK_UNARY_TO(float, ck_c64, c64, complex_angle, cargf(x))
CK_UNARY_TO(double, ck_c128, c128, complex_angle, carg(x))

ck_unary_loop *ck_complex_abs(uint8_t dtype) {
  return dtype == CK_COMPLEX64 ? ck_complex_abs_c64 : ck_complex_abs_c128;
}

ck_unary_loop *ck_complex_angle(uint8_t dtype) {
  return dtype == CK_COMPLEX64 ? ck_complex_angle_c64 : ck_complex_angle_c128;
}
