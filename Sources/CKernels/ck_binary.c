// Element-wise functions of two operands, comparisons and selection.
#include <string.h>
#include <tgmath.h>
#include "ck_math.h"
#include "ck_types.h"
#include "include/ck_elementwise.h"
#pragma STDC CX_LIMITED_RANGE ON

// One loop. EXPRESSION uses x, y and the parameter s.
#define CK_BINARY_TO(R, T, S, NAME, EXPRESSION)                                                   \
  CK_CLONES_##S static void ck_##NAME##_##S(                                                      \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, const void *b, ptrdiff_t sb,          \
      ptrdiff_t n, const void *p) {                                                               \
    R *z = out;                                                                                   \
    const T *u = a, *v = b;                                                                       \
    T s = 0;                                                                                      \
    if (p) memcpy(&s, p, sizeof s);                                                               \
    (void)s;                                                                                      \
    if (so == 1 && sa == 1 && sb == 1) {                                                          \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const T x = u[i], y = v[i]; z[i] = EXPRESSION; } \
    } else if (so == 1 && sa == 1 && sb == 0) {                                                   \
      const T y = *v;                                                                             \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const T x = u[i]; z[i] = EXPRESSION; }        \
    } else if (so == 1 && sa == 0 && sb == 1) {                                                   \
      const T x = *u;                                                                             \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const T y = v[i]; z[i] = EXPRESSION; }        \
    } else {                                                                                      \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) {                                               \
        const T x = u[i * sa], y = v[i * sb];                                                     \
        z[i * so] = EXPRESSION;                                                                   \
      }                                                                                           \
    }                                                                                             \
  }
#define CK_BINARY(T, S, NAME, EXPRESSION) CK_BINARY_TO(T, T, S, NAME, EXPRESSION)

// Integers wrap around, as in PyTorch: computed unsigned.
#define CK_WRAPPING(T, S, NAME, EXPRESSION) CK_BINARY(T, S, NAME, (T)(EXPRESSION))
CK_EACH_INTEGER(CK_WRAPPING, add, (uint64_t)x + (uint64_t)y)
CK_EACH_INTEGER(CK_WRAPPING, sub, (uint64_t)x - (uint64_t)y)
CK_EACH_INTEGER(CK_WRAPPING, mul, (uint64_t)x *(uint64_t)y)
CK_EACH_INTEGER(CK_WRAPPING, add_scaled, (uint64_t)x + (uint64_t)s * (uint64_t)y)
CK_EACH_INEXACT(CK_BINARY, add, x + y)
CK_EACH_INEXACT(CK_BINARY, sub, x - y)
CK_EACH_INEXACT(CK_BINARY, mul, x *y)
CK_EACH_INEXACT(CK_BINARY, div, x / y)
CK_EACH_INEXACT(CK_BINARY, add_scaled, x + s * y)
CK_BINARY(bool, b, add, x || y)
CK_BINARY(bool, b, mul, x &&y)
CK_BINARY(bool, b, add_scaled, x || (s && y))
CK_BINARY(bool, b, maximum, x || y)
CK_BINARY(bool, b, minimum, x &&y)
CK_EACH_INTEGER(CK_BINARY, maximum, (x > y ? x : y))
CK_EACH_INTEGER(CK_BINARY, minimum, (x < y ? x : y))
CK_EACH_FLOAT(CK_BINARY, maximum, (x > y || x != x ? x : y))
CK_EACH_FLOAT(CK_BINARY, minimum, (x < y || x != x ? x : y))

static uint64_t ck_integer_power(uint64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    return base == UINT64_MAX ? (exponent & 1 ? UINT64_MAX : 1) : 0;
  }
  uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if (exponent & 1) result *= base;
  }
  return result;
}
CK_EACH_INTEGER(CK_WRAPPING, pow, ck_integer_power((uint64_t)x, (int64_t)y))
CK_EACH_INEXACT(CK_BINARY, pow, pow(x, y))

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

ck_binary_loop *ck_binary(ck_binary_op op, uint8_t dtype) {
  static ck_binary_loop *const table[CK_BINARY_COUNT][CK_DTYPE_COUNT] = {
    [CK_ADD] = {CK_TABLE_ALL(ck_add)},
    [CK_SUB] = {CK_TABLE_NUMBER(ck_sub)},
    [CK_MUL] = {CK_TABLE_ALL(ck_mul)},
    [CK_DIV] = {CK_TABLE_INEXACT(ck_div)},
    [CK_POW] = {CK_TABLE_NUMBER(ck_pow)},
    [CK_MAXIMUM] = {CK_TABLE_ORDERED(ck_maximum)},
    [CK_MINIMUM] = {CK_TABLE_ORDERED(ck_minimum)},
    [CK_ADD_SCALED] = {CK_TABLE_ALL(ck_add_scaled)},
    [CK_THRESHOLD_BACKWARD] = {CK_TABLE_REAL(ck_threshold_backward)},
    [CK_GELU_BACKWARD] = {CK_TABLE_FLOAT(ck_gelu_backward)},
    [CK_GELU_TANH_BACKWARD] = {CK_TABLE_FLOAT(ck_gelu_tanh_backward)},
    [CK_TANH_BACKWARD] = {CK_TABLE_INEXACT(ck_tanh_backward)},
    [CK_SIGMOID_BACKWARD] = {CK_TABLE_INEXACT(ck_sigmoid_backward)},
  };
  return table[op][dtype];
}

#define CK_COMPARE(T, S, NAME, OPERATOR) CK_BINARY_TO(uint8_t, T, S, NAME, (x OPERATOR y))
CK_EACH_TYPE(CK_COMPARE, eq, ==)
CK_EACH_TYPE(CK_COMPARE, ne, !=)
CK_EACH_ORDERED(CK_COMPARE, lt, <)
CK_EACH_ORDERED(CK_COMPARE, le, <=)
CK_EACH_ORDERED(CK_COMPARE, gt, >)
CK_EACH_ORDERED(CK_COMPARE, ge, >=)

ck_binary_loop *ck_compare(ck_compare_op op, uint8_t dtype) {
  static ck_binary_loop *const table[CK_COMPARE_COUNT][CK_DTYPE_COUNT] = {
    [CK_EQ] = {CK_TABLE_ALL(ck_eq)},     [CK_NE] = {CK_TABLE_ALL(ck_ne)},
    [CK_LT] = {CK_TABLE_ORDERED(ck_lt)}, [CK_LE] = {CK_TABLE_ORDERED(ck_le)},
    [CK_GT] = {CK_TABLE_ORDERED(ck_gt)}, [CK_GE] = {CK_TABLE_ORDERED(ck_ge)},
  };
  return table[op][dtype];
}

#define CK_SELECT(T, SIZE)                                                                        \
  static void ck_select_##SIZE(                                                                   \
      void *out, ptrdiff_t so, const uint8_t *c, ptrdiff_t sc, const void *a, ptrdiff_t sa,       \
      const void *b, ptrdiff_t sb, ptrdiff_t n) {                                                 \
    T *z = out;                                                                                   \
    const T *u = a, *v = b;                                                                       \
    CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) z[i * so] = c[i * sc] ? u[i * sa] : v[i * sb];    \
  }
CK_SELECT(uint8_t, 1)
CK_SELECT(uint16_t, 2)
CK_SELECT(uint32_t, 4)
CK_SELECT(uint64_t, 8)
CK_SELECT(ck_c128, 16)

ck_select_loop *ck_select(size_t element_size) {
  switch (element_size) {
    case 1: return ck_select_1;
    case 2: return ck_select_2;
    case 4: return ck_select_4;
    case 8: return ck_select_8;
    default: return ck_select_16;
  }
}
