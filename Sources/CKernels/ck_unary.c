// Element-wise functions of one operand.
#include <string.h>
#include <tgmath.h>
#include "ck_math.h"
#include "ck_types.h"
#include "include/ck_elementwise.h"
#pragma STDC CX_LIMITED_RANGE ON

// One loop. EXPRESSION uses x and the parameters lower and upper.
#define CK_UNARY(T, S, NAME, EXPRESSION)                                                          \
  CK_CLONES_##S static void ck_##NAME##_##S(                                                      \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n, const void *p) {         \
    T *y = out;                                                                                   \
    const T *u = a;                                                                               \
    T q[2] = {0, 0};                                                                              \
    if (p) memcpy(q, p, sizeof q);                                                                \
    const T lower = q[0], upper = q[1];                                                           \
    (void)lower, (void)upper;                                                                     \
    if (so == 1 && sa == 1) {                                                                     \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const T x = u[i]; y[i] = EXPRESSION; }        \
    } else {                                                                                      \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const T x = u[i * sa]; y[i * so] = EXPRESSION; } \
    }                                                                                             \
  }

CK_EACH_REAL(CK_UNARY, neg, (0 - x))
CK_EACH_COMPLEX(CK_UNARY, neg, -x)
CK_EACH_NUMBER(CK_UNARY, square, x * x)
CK_EACH_REAL(CK_UNARY, abs, (x < 0 ? 0 - x : x + 0))
CK_EACH_INTEGER(CK_UNARY, sign, (x > 0) - (x < 0))
CK_EACH_FLOAT(CK_UNARY, sign, (x != x ? x : (x > 0) - (x < 0)))
CK_EACH_REAL(CK_UNARY, relu, (x <= 0 ? 0 : x))
CK_EACH_REAL(CK_UNARY, clamp, (x < lower ? lower : x > upper ? upper : x))
CK_EACH_INEXACT(CK_UNARY, reciprocal, 1 / x)

#define CK_UNARY_FLOAT(NAME)                      \
  CK_UNARY(float, f32, NAME, ckm_##NAME##_f32(x)) \
  CK_UNARY(double, f64, NAME, ckm_##NAME##_f64(x))
CK_UNARY_FLOAT(exp)
CK_UNARY_FLOAT(log)
CK_UNARY_FLOAT(log1p)
CK_UNARY_FLOAT(sqrt)
CK_UNARY_FLOAT(sin)
CK_UNARY_FLOAT(cos)
CK_UNARY_FLOAT(tanh)
CK_UNARY_FLOAT(sigmoid)
CK_UNARY_FLOAT(erf)
CK_UNARY(float, f32, rsqrt, 1 / ckm_sqrt_f32(x))
CK_UNARY(double, f64, rsqrt, 1 / ckm_sqrt_f64(x))
CK_UNARY(float, f32, silu, x * ckm_sigmoid_f32(x))
CK_UNARY(double, f64, silu, x * ckm_sigmoid_f64(x))
CK_UNARY(float, f32, gelu, 0.5f * x * (1 + ckm_erf_f32(x * 0.70710678f)))
CK_UNARY(double, f64, gelu, 0.5 * x * (1 + erf(x * M_SQRT1_2)))
CK_UNARY(float, f32, gelu_tanh, 0.5f * x * (1 + ckm_tanh_f32(0.79788456f * (x + 0.044715f * x * x * x))))
CK_UNARY(double, f64, gelu_tanh, 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))))

// tgmath.h picks the complex function of the operand's width.
CK_EACH_COMPLEX(CK_UNARY, exp, exp(x))
CK_EACH_COMPLEX(CK_UNARY, log, log(x))
CK_EACH_COMPLEX(CK_UNARY, log1p, log(1 + x))
CK_EACH_COMPLEX(CK_UNARY, sqrt, sqrt(x))
CK_EACH_COMPLEX(CK_UNARY, rsqrt, 1 / sqrt(x))
CK_EACH_COMPLEX(CK_UNARY, sin, sin(x))
CK_EACH_COMPLEX(CK_UNARY, cos, cos(x))
CK_EACH_COMPLEX(CK_UNARY, tanh, tanh(x))
CK_EACH_COMPLEX(CK_UNARY, sigmoid, 1 / (1 + exp(-x)))
CK_EACH_COMPLEX(CK_UNARY, silu, x / (1 + exp(-x)))
CK_EACH_COMPLEX(CK_UNARY, conj, conj(x))

ck_unary_loop *ck_unary(ck_unary_op op, uint8_t dtype) {
  static ck_unary_loop *const table[CK_UNARY_COUNT][CK_DTYPE_COUNT] = {
    [CK_NEG] = {CK_TABLE_NUMBER(ck_neg)},
    [CK_ABS] = {CK_TABLE_REAL(ck_abs)},
    [CK_SIGN] = {CK_TABLE_REAL(ck_sign)},
    [CK_EXP] = {CK_TABLE_INEXACT(ck_exp)},
    [CK_LOG] = {CK_TABLE_INEXACT(ck_log)},
    [CK_LOG1P] = {CK_TABLE_INEXACT(ck_log1p)},
    [CK_SQRT] = {CK_TABLE_INEXACT(ck_sqrt)},
    [CK_RSQRT] = {CK_TABLE_INEXACT(ck_rsqrt)},
    [CK_SQUARE] = {CK_TABLE_NUMBER(ck_square)},
    [CK_RECIPROCAL] = {CK_TABLE_INEXACT(ck_reciprocal)},
    [CK_SIN] = {CK_TABLE_INEXACT(ck_sin)},
    [CK_COS] = {CK_TABLE_INEXACT(ck_cos)},
    [CK_TANH] = {CK_TABLE_INEXACT(ck_tanh)},
    [CK_SIGMOID] = {CK_TABLE_INEXACT(ck_sigmoid)},
    [CK_ERF] = {CK_TABLE_FLOAT(ck_erf)},
    [CK_RELU] = {CK_TABLE_REAL(ck_relu)},
    [CK_GELU] = {CK_TABLE_FLOAT(ck_gelu)},
    [CK_GELU_TANH] = {CK_TABLE_FLOAT(ck_gelu_tanh)},
    [CK_SILU] = {CK_TABLE_INEXACT(ck_silu)},
    [CK_CLAMP] = {CK_TABLE_REAL(ck_clamp)},
    [CK_CONJ] = {[CK_COMPLEX64] = ck_conj_c64, [CK_COMPLEX128] = ck_conj_c128},
  };
  return table[op][dtype];
}

#define CK_LOGICAL_NOT(T, S, ...)                                                             \
  static void ck_logical_not_##S(                                                             \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n, const void *p) {     \
    (void)p;                                                                                  \
    uint8_t *y = out;                                                                         \
    const T *u = a;                                                                           \
    CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) y[i * so] = u[i * sa] == 0;                   \
  }
CK_EACH_TYPE(CK_LOGICAL_NOT, )

ck_unary_loop *ck_logical_not(uint8_t dtype) {
  static ck_unary_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_ALL(ck_logical_not)};
  return table[dtype];
}

#define CK_COMPLEX_ABS(T, S, REAL)                                                            \
  static void ck_complex_abs_##S(                                                             \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n, const void *p) {     \
    (void)p;                                                                                  \
    REAL *y = out;                                                                            \
    const T *u = a;                                                                           \
    for (ptrdiff_t i = 0; i < n; i++) y[i * so] = fabs(u[i * sa]);                            \
  }
CK_COMPLEX_ABS(ck_c64, c64, float)
CK_COMPLEX_ABS(ck_c128, c128, double)

ck_unary_loop *ck_complex_abs(uint8_t dtype) {
  return dtype == CK_COMPLEX64 ? ck_complex_abs_c64 : ck_complex_abs_c128;
}
