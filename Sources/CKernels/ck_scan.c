// Running sums and products, and linear recurrences.
#include "ck_types.h"
#include "include/ck_reduce.h"

#define CK_CUMULATIVE(A, T, S, NAME, FIRST, OP)                                                  \
  static void ck_##NAME##_##S(                                                                   \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n) {                       \
    T *y = out;                                                                                  \
    const T *u = a;                                                                              \
    A s = FIRST;                                                                                 \
    for (ptrdiff_t i = 0; i < n; i++) s = s OP (A)u[i * sa], y[i * so] = (T)s;                   \
  }
#define CK_EACH_ACCUMULATED(X, ...)                                                              \
  X(uint64_t, int64_t, i64, __VA_ARGS__) X(double, float, f32, __VA_ARGS__)                      \
  X(double, double, f64, __VA_ARGS__) X(ck_c128, ck_c64, c64, __VA_ARGS__)                       \
  X(ck_c128, ck_c128, c128, __VA_ARGS__)
CK_EACH_ACCUMULATED(CK_CUMULATIVE, cumsum, 0, +)
CK_EACH_ACCUMULATED(CK_CUMULATIVE, cumprod, 1, *)

ck_cumulative_loop *ck_cumsum(uint8_t dtype) {
  static ck_cumulative_loop *const table[CK_DTYPE_COUNT] = {
    [CK_INT64] = ck_cumsum_i64, CK_TABLE_INEXACT(ck_cumsum),
  };
  return table[dtype];
}

ck_cumulative_loop *ck_cumprod(uint8_t dtype) {
  static ck_cumulative_loop *const table[CK_DTYPE_COUNT] = {
    [CK_INT64] = ck_cumprod_i64, CK_TABLE_INEXACT(ck_cumprod),
  };
  return table[dtype];
}

#define CK_RECURRENCE(T, S, ...)                                                                 \
  static void ck_recurrence_##S(                                                                 \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, const void *b, ptrdiff_t sb,         \
      ptrdiff_t n) {                                                                             \
    T *y = out;                                                                                  \
    const T *x = a, *f = b;                                                                      \
    T s = 0;                                                                                     \
    for (ptrdiff_t i = 0; i < n; i++) {                                                          \
      s = i == 0 ? x[0] : x[i * sa] + f[(i - 1) * sb] * s;                                       \
      y[i * so] = s;                                                                             \
    }                                                                                            \
  }
CK_EACH_INEXACT(CK_RECURRENCE, )

ck_recurrence_loop *ck_recurrence(uint8_t dtype) {
  static ck_recurrence_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_INEXACT(ck_recurrence)};
  return table[dtype];
}
