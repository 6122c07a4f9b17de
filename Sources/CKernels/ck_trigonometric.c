// Trigonometric and hyperbolic functions and their inverses.
#include <tgmath.h>
#include "ck_loops.h"
#include "ck_math.h"

CK_UNARY_FLOAT(sin)
CK_UNARY_FLOAT(cos)
CK_UNARY_FLOAT(tanh)
CK_EACH_COMPLEX(CK_UNARY, sin, sin(x))
CK_EACH_COMPLEX(CK_UNARY, cos, cos(x))
CK_EACH_COMPLEX(CK_UNARY, tanh, tanh(x))
CK_EACH_INEXACT(CK_UNARY, tan, tan(x))
CK_EACH_INEXACT(CK_UNARY, asin, asin(x))
CK_EACH_INEXACT(CK_UNARY, acos, acos(x))
CK_EACH_INEXACT(CK_UNARY, atan, atan(x))
CK_EACH_INEXACT(CK_UNARY, sinh, sinh(x))
CK_EACH_INEXACT(CK_UNARY, cosh, cosh(x))
CK_EACH_INEXACT(CK_UNARY, asinh, asinh(x))
CK_EACH_INEXACT(CK_UNARY, acosh, acosh(x))
CK_EACH_INEXACT(CK_UNARY, atanh, atanh(x))

ck_unary_family ck_unary_trigonometric = {
  CK_IN_FAMILY(CK_SIN) = {CK_TABLE_INEXACT(ck_sin)},
  CK_IN_FAMILY(CK_COS) = {CK_TABLE_INEXACT(ck_cos)},
  CK_IN_FAMILY(CK_TAN) = {CK_TABLE_INEXACT(ck_tan)},
  CK_IN_FAMILY(CK_ASIN) = {CK_TABLE_INEXACT(ck_asin)},
  CK_IN_FAMILY(CK_ACOS) = {CK_TABLE_INEXACT(ck_acos)},
  CK_IN_FAMILY(CK_ATAN) = {CK_TABLE_INEXACT(ck_atan)},
  CK_IN_FAMILY(CK_SINH) = {CK_TABLE_INEXACT(ck_sinh)},
  CK_IN_FAMILY(CK_COSH) = {CK_TABLE_INEXACT(ck_cosh)},
  CK_IN_FAMILY(CK_TANH) = {CK_TABLE_INEXACT(ck_tanh)},
  CK_IN_FAMILY(CK_ASINH) = {CK_TABLE_INEXACT(ck_asinh)},
  CK_IN_FAMILY(CK_ACOSH) = {CK_TABLE_INEXACT(ck_acosh)},
  CK_IN_FAMILY(CK_ATANH) = {CK_TABLE_INEXACT(ck_atanh)},
};
