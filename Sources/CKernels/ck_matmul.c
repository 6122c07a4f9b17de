// Products of integer matrices: sums of scaled rows.
#include "include/ck_matmul.h"
#include <string.h>
#include "ck_types.h"

// Unsigned arithmetic wraps where signed would be undefined; the bits are the same.
#define CK_MATMUL(T, S)                                                                           \
  static void ck_matmul_##S(                                                                      \
      void *out, const void *left, ptrdiff_t a_row, ptrdiff_t a_column, const void *right,        \
      ptrdiff_t b_row, ptrdiff_t b_column, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {               \
    T *c = out;                                                                                   \
    const T *a = left;                                                                            \
    const T *b = right;                                                                           \
    memset(c, 0, (size_t)(m * n) * sizeof(T));                                                    \
    for (ptrdiff_t i = 0; i < m; i++) {                                                           \
      for (ptrdiff_t l = 0; l < k; l++) {                                                         \
        const T factor = a[i * a_row + l * a_column];                                             \
        const T *row = b + l * b_row;                                                             \
        for (ptrdiff_t j = 0; j < n; j++) c[i * n + j] += (T)(factor * row[j * b_column]);        \
      }                                                                                           \
    }                                                                                             \
  }
CK_MATMUL(uint8_t, u8)
CK_MATMUL(uint32_t, i32)
CK_MATMUL(uint64_t, i64)

ck_matmul_fn ck_matmul(uint8_t dtype) {
  switch (dtype) {
    case CK_UINT8: return ck_matmul_u8;
    case CK_INT32: return ck_matmul_i32;
    case CK_INT64: return ck_matmul_i64;
    default: return NULL;
  }
}
