// Trigonometric and hyperbolic functions and their inverses.
#include <tgmath.h>
#include "ck_loops.h"
#include "ck_math.h"

// Whether an element lies outside of the range of the vectorised functions.
CK_CLONES static bool ck_any_large(const float *u, ptrdiff_t su, ptrdiff_t n) {
  int large = 0;
  if (su == 1) {
    for (ptrdiff_t i = 0; i < n; i++) large |= fabsf(u[i]) > 1e5f;
  } else {
    for (ptrdiff_t i = 0; i < n; i++) large |= fabsf(u[i * su]) > 1e5f;
  }
  return large != 0;
}

// Vectorised, but for blocks with an element far out.
#define CK_PERIODIC(NAME)                                                                        \
  CK_UNARY(float, f32, small_##NAME, ckm_small_##NAME##_f32(x))                                  \
  static void ck_##NAME##_f32(                                                                   \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n, const void *p) {        \
    enum { BLOCK = 1024 };                                                                       \
    float *y = out;                                                                              \
    const float *u = a;                                                                          \
    for (; n > 0; n -= BLOCK, y += BLOCK * so, u += BLOCK * sa) {                                \
      const ptrdiff_t count = n < BLOCK ? n : BLOCK;                                             \
      if (!ck_any_large(u, sa, count)) {                                                         \
        ck_small_##NAME##_f32(y, so, u, sa, count, p);                                           \
      } else {                                                                                   \
        for (ptrdiff_t i = 0; i < count; i++) y[i * so] = NAME##f(u[i * sa]);                    \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  CK_UNARY(double, f64, NAME, ckm_##NAME##_f64(x))
CK_PERIODIC(sin)
CK_PERIODIC(cos)
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
