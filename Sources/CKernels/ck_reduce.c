#include "include/ck_reduce.h"
#include <stdlib.h>
#include "ck_types.h"
#include "ck_vector.h"

// A fold and its column form. COMBINE uses the accumulator s and the element x.
#define CK_FOLD(A, T, S, NAME, COMBINE)                                                          \
  static void ck_##NAME##_##S(void *accumulator, const void *a, ptrdiff_t stride, ptrdiff_t n) { \
    A s = *(A *)accumulator;                                                                     \
    const T *u = a;                                                                              \
    for (ptrdiff_t i = 0; i < n; i++) { const T x = u[i * stride]; s = COMBINE; }                \
    *(A *)accumulator = s;                                                                       \
  }                                                                                              \
  static void ck_##NAME##_columns_##S(                                                           \
      void *accumulators, const void *a, ptrdiff_t row, ptrdiff_t column, ptrdiff_t rows,        \
      ptrdiff_t columns) {                                                                       \
    A *y = accumulators;                                                                         \
    for (ptrdiff_t i = 0; i < rows; i++) {                                                       \
      const T *u = (const T *)a + i * row;                                                       \
      CK_VECTOR for (ptrdiff_t j = 0; j < columns; j++) {                                        \
        const T x = u[j * column];                                                               \
        const A s = y[j];                                                                        \
        y[j] = COMBINE;                                                                          \
      }                                                                                          \
    }                                                                                            \
  }
#define CK_EXTREMUM(T, S, NAME, COMBINE) CK_FOLD(T, T, S, NAME, COMBINE)
#define CK_LOGICAL(T, S, NAME, COMBINE) CK_FOLD(bool, T, S, NAME, COMBINE)

CK_FOLD(int64_t, bool, b, sum, s + x)
CK_FOLD(int64_t, uint8_t, u8, sum, s + x)
CK_FOLD(int64_t, int32_t, i32, sum, s + x)
CK_FOLD(int64_t, int64_t, i64, sum, (int64_t)((uint64_t)s + (uint64_t)x))
CK_FOLD(ck_c128, ck_c64, c64, sum, s + x)
CK_FOLD(ck_c128, ck_c128, c128, sum, s + x)
CK_FOLD(int64_t, bool, b, prod, s * x)
CK_FOLD(int64_t, uint8_t, u8, prod, s * x)
CK_FOLD(int64_t, int32_t, i32, prod, (int64_t)((uint64_t)s * (uint64_t)x))
CK_FOLD(int64_t, int64_t, i64, prod, (int64_t)((uint64_t)s * (uint64_t)x))
CK_FOLD(double, float, f32, prod, s * x)
CK_FOLD(double, double, f64, prod, s * x)
CK_FOLD(ck_c128, ck_c64, c64, prod, s * x)
CK_FOLD(ck_c128, ck_c128, c128, prod, s * x)
CK_EXTREMUM(bool, b, max, (x || s))
CK_EXTREMUM(bool, b, min, (x && s))
CK_EACH_INTEGER(CK_EXTREMUM, max, (x > s ? x : s))
CK_EACH_INTEGER(CK_EXTREMUM, min, (x < s ? x : s))
CK_EACH_TYPE(CK_LOGICAL, all, (s && x != 0))
CK_EACH_TYPE(CK_LOGICAL, any, (s || x != 0))

// Floating-point sums: blocks of 64 vectors in the element type, blocks added in float64. An element
// passes through at most 64 additions of its own precision, so the error does not grow with n.
#define CK_FLOAT_SUM(T, S)                                                                        \
  CK_CLONES static void ck_sum_##S(void *accumulator, const void *a, ptrdiff_t stride, ptrdiff_t n) { \
    const ptrdiff_t lanes = CK_LANES_##S, step = 4 * lanes, block = 64 * step;                    \
    const T *u = a;                                                                               \
    double total = *(double *)accumulator;                                                        \
    if (stride != 1) {                                                                            \
      for (ptrdiff_t i = 0; i < n; i++) total += (double)u[i * stride];                           \
      *(double *)accumulator = total;                                                             \
      return;                                                                                     \
    }                                                                                             \
    ptrdiff_t i = 0;                                                                              \
    while (i + step <= n) {                                                                       \
      const ptrdiff_t end = n - i < block ? n : i + block;                                        \
      ck_v_##S s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                            \
      for (; i + step <= end; i += step) {                                                        \
        s0 += *(const ck_v_##S *)(u + i);                                                         \
        s1 += *(const ck_v_##S *)(u + i + lanes);                                                 \
        s2 += *(const ck_v_##S *)(u + i + 2 * lanes);                                             \
        s3 += *(const ck_v_##S *)(u + i + 3 * lanes);                                             \
      }                                                                                           \
      s0 = (s0 + s1) + (s2 + s3);                                                                 \
      total += ck_add_lanes_##S(&s0);                                                             \
    }                                                                                             \
    for (; i < n; i++) total += (double)u[i];                                                     \
    *(double *)accumulator = total;                                                               \
  }                                                                                               \
  CK_CLONES static void ck_sum_columns_##S(                                                       \
      void *accumulators, const void *a, ptrdiff_t row, ptrdiff_t column, ptrdiff_t rows,         \
      ptrdiff_t columns) {                                                                        \
    const ptrdiff_t lanes = CK_LANES_##S, step = 4 * lanes;                                       \
    double *y = accumulators;                                                                     \
    ptrdiff_t j = 0;                                                                              \
    for (; column == 1 && j + step <= columns; j += step) {                                       \
      for (ptrdiff_t i = 0; i < rows;) {                                                          \
        const ptrdiff_t end = rows - i < 64 ? rows : i + 64;                                      \
        ck_v_##S s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                          \
        for (; i < end; i++) {                                                                    \
          const T *u = (const T *)a + i * row + j;                                                \
          s0 += *(const ck_v_##S *)u;                                                             \
          s1 += *(const ck_v_##S *)(u + lanes);                                                   \
          s2 += *(const ck_v_##S *)(u + 2 * lanes);                                               \
          s3 += *(const ck_v_##S *)(u + 3 * lanes);                                               \
        }                                                                                         \
        for (ptrdiff_t k = 0; k < lanes; k++) {                                                   \
          y[j + k] += (double)s0[k];                                                              \
          y[j + lanes + k] += (double)s1[k];                                                      \
          y[j + 2 * lanes + k] += (double)s2[k];                                                  \
          y[j + 3 * lanes + k] += (double)s3[k];                                                  \
        }                                                                                         \
      }                                                                                           \
    }                                                                                             \
    for (ptrdiff_t i = 0; j < columns && i < rows; i++) {                                         \
      const T *u = (const T *)a + i * row;                                                        \
      CK_VECTOR for (ptrdiff_t k = j; k < columns; k++) y[k] += (double)u[k * column];            \
    }                                                                                             \
  }
CK_FLOAT_SUM(float, f32)
CK_FLOAT_SUM(double, f64)

// Extrema of floating-point numbers. The vector form drops NaN, so a second accumulator remembers it:
// a lane compares unequal to itself from then on.
#define CK_FLOAT_EXTREMUM(T, S, NAME, ORDER)                                                      \
  CK_CLONES static void ck_##NAME##_##S(                                                          \
      void *accumulator, const void *a, ptrdiff_t stride, ptrdiff_t n) {                          \
    const ptrdiff_t lanes = CK_LANES_##S;                                                         \
    const T *u = a;                                                                               \
    T s = *(T *)accumulator;                                                                      \
    ptrdiff_t i = 0;                                                                              \
    if (stride == 1 && n >= lanes) {                                                              \
      ck_v_##S v = *(const ck_v_##S *)u;                                                          \
      __typeof__(v != v) unordered = v != v;                                                      \
      for (i = lanes; i + lanes <= n; i += lanes) {                                               \
        const ck_v_##S x = *(const ck_v_##S *)(u + i);                                            \
        v = __builtin_elementwise_##NAME(v, x);                                                   \
        unordered |= x != x;                                                                      \
      }                                                                                           \
      for (ptrdiff_t k = 0; k < lanes; k++) {                                                     \
        const T x = unordered[k] ? (T)NAN : v[k];                                                 \
        s = x ORDER s || x != x ? x : s;                                                          \
      }                                                                                           \
    }                                                                                             \
    for (; i < n; i++) {                                                                          \
      const T x = u[i * stride];                                                                  \
      s = x ORDER s || x != x ? x : s;                                                            \
    }                                                                                             \
    *(T *)accumulator = s;                                                                        \
  }                                                                                               \
  CK_CLONES static void ck_##NAME##_columns_##S(                                                  \
      void *accumulators, const void *a, ptrdiff_t row, ptrdiff_t column, ptrdiff_t rows,         \
      ptrdiff_t columns) {                                                                        \
    T *y = accumulators;                                                                          \
    for (ptrdiff_t i = 0; i < rows; i++) {                                                        \
      const T *u = (const T *)a + i * row;                                                        \
      CK_VECTOR for (ptrdiff_t j = 0; j < columns; j++) {                                         \
        const T x = u[j * column], s = y[j];                                                      \
        y[j] = x ORDER s || x != x ? x : s;                                                       \
      }                                                                                           \
    }                                                                                             \
  }
CK_FLOAT_EXTREMUM(float, f32, max, >)
CK_FLOAT_EXTREMUM(double, f64, max, >)
CK_FLOAT_EXTREMUM(float, f32, min, <)
CK_FLOAT_EXTREMUM(double, f64, min, <)

ck_reduce_loop *ck_reduce(ck_reduce_op op, uint8_t dtype) {
  static ck_reduce_loop *const table[CK_REDUCE_COUNT][CK_DTYPE_COUNT] = {
    [CK_SUM] = {CK_TABLE_ALL(ck_sum)},     [CK_PROD] = {CK_TABLE_ALL(ck_prod)}, [CK_MAX] = {CK_TABLE_ORDERED(ck_max)},
    [CK_MIN] = {CK_TABLE_ORDERED(ck_min)}, [CK_ALL] = {CK_TABLE_ALL(ck_all)},
    [CK_ANY] = {CK_TABLE_ALL(ck_any)},
  };
  return table[op][dtype];
}

ck_reduce_columns_loop *ck_reduce_columns(ck_reduce_op op, uint8_t dtype) {
  static ck_reduce_columns_loop *const table[CK_REDUCE_COUNT][CK_DTYPE_COUNT] = {
    [CK_SUM] = {CK_TABLE_ALL(ck_sum_columns)}, [CK_PROD] = {CK_TABLE_ALL(ck_prod_columns)}, [CK_MAX] = {CK_TABLE_ORDERED(ck_max_columns)},
    [CK_MIN] = {CK_TABLE_ORDERED(ck_min_columns)}, [CK_ALL] = {CK_TABLE_ALL(ck_all_columns)},
    [CK_ANY] = {CK_TABLE_ALL(ck_any_columns)},
  };
  return table[op][dtype];
}

#define CK_ARG_EXTREMUM(T, S, NAME, ORDER)                                            \
  static int64_t ck_##NAME##_##S(const void *a, ptrdiff_t stride, ptrdiff_t n) {      \
    const T *u = a;                                                                   \
    T best = u[0];                                                                    \
    int64_t index = 0;                                                                \
    for (ptrdiff_t i = 1; i < n && best == best; i++) {                               \
      const T x = u[i * stride];                                                      \
      if (x ORDER best || x != x) best = x, index = i;                                \
    }                                                                                 \
    return index;                                                                     \
  }
CK_EACH_ORDERED(CK_ARG_EXTREMUM, argmax, >)
CK_EACH_ORDERED(CK_ARG_EXTREMUM, argmin, <)

ck_argmax_loop *ck_argmin(uint8_t dtype) {
  static ck_argmax_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_ORDERED(ck_argmin)};
  return table[dtype];
}

ck_argmax_loop *ck_argmax(uint8_t dtype) {
  static ck_argmax_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_ORDERED(ck_argmax)};
  return table[dtype];
}
