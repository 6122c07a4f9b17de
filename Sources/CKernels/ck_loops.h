// Templates of element-wise loops.
#pragma once
#include <string.h>
#include "ck_types.h"
#include "include/ck_elementwise.h"

// One loop from T to R. EXPRESSION uses x and the parameters lower and upper.
#define CK_UNARY_TO(R, T, S, NAME, EXPRESSION)                                                    \
  CK_CLONES_##S static void ck_##NAME##_##S(                                                      \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n, const void *p) {         \
    R *y = out;                                                                                   \
    const T *u = a;                                                                               \
    T q[2] = {0, 0};                                                                              \
    if (p) memcpy(q, p, sizeof q);                                                                \
    const T lower = q[0], upper = q[1];                                                           \
    (void)lower, (void)upper;                                                                     \
    if (so == 1 && sa == 1) {                                                                     \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const T x = u[i]; y[i] = EXPRESSION; }        \
    } else if (sa == 0 && n > 0) {                                                                \
      const T x = *u;                                                                             \
      const R value = EXPRESSION;                                                                 \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) y[i * so] = value;                              \
    } else {                                                                                      \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const T x = u[i * sa]; y[i * so] = EXPRESSION; } \
    }                                                                                             \
  }
#define CK_UNARY(T, S, NAME, EXPRESSION) CK_UNARY_TO(T, T, S, NAME, EXPRESSION)

// A function of ck_math.h, which has one for each type.
#define CK_UNARY_FLOAT(NAME)                      \
  CK_UNARY(float, f32, NAME, ckm_##NAME##_f32(x)) \
  CK_UNARY(double, f64, NAME, ckm_##NAME##_f64(x))

// One loop from two T to R. EXPRESSION uses x, y and the parameter s.
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

// One loop of three operands. EXPRESSION uses x, y, w and the parameter s.
#define CK_TERNARY(T, S, NAME, EXPRESSION)                                                        \
  CK_CLONES_##S static void ck_##NAME##_##S(                                                      \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, const void *b, ptrdiff_t sb,          \
      const void *c, ptrdiff_t sc, ptrdiff_t n, const void *p) {                                  \
    T *z = out;                                                                                   \
    const T *t = a, *u = b, *v = c;                                                               \
    T s = 1;                                                                                      \
    if (p) memcpy(&s, p, sizeof s);                                                               \
    (void)s;                                                                                      \
    if (so == 1 && sa == 1 && sb == 1 && sc == 1) {                                               \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) {                                               \
        const T x = t[i], y = u[i], w = v[i];                                                     \
        z[i] = EXPRESSION;                                                                        \
      }                                                                                           \
    } else {                                                                                      \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) {                                               \
        const T x = t[i * sa], y = u[i * sb], w = v[i * sc];                                      \
        z[i * so] = EXPRESSION;                                                                   \
      }                                                                                           \
    }                                                                                             \
  }
#define CK_WRAPPING_TERNARY(T, S, NAME, EXPRESSION) CK_TERNARY(T, S, NAME, (T)(EXPRESSION))

// The tables of the families, indexed by the operation's number within its family and by dtype.
typedef ck_unary_loop *const ck_unary_family[CK_FAMILY_SIZE][CK_DTYPE_COUNT];
typedef ck_binary_loop *const ck_binary_family[CK_FAMILY_SIZE][CK_DTYPE_COUNT];
extern ck_unary_family ck_unary_arithmetic, ck_unary_trigonometric, ck_unary_special,
  ck_unary_activation;
extern ck_binary_family ck_binary_arithmetic, ck_binary_division, ck_binary_gradient;
#define CK_IN_FAMILY(OP) [(OP) % CK_FAMILY_SIZE]
#define CK_TABLE_COMPLEX(P) [CK_COMPLEX64] = P##_c64, [CK_COMPLEX128] = P##_c128
