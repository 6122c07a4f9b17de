// Stable merge sort of positions, bottom-up from runs that insertion has sorted.
#include "include/ck_order.h"
#include <string.h>
#include "ck_types.h"

enum { CK_RUN = 16 };

#define CK_SORT(T, S, ...)                                                                       \
  /* Whether element i belongs before element j, which comes later in the input. */              \
  CK_INLINE int ck_before_##S(T x, T y, int descending) {                                        \
    if (x != x) return descending || y != y;                                                     \
    if (y != y) return !descending;                                                              \
    return descending ? x >= y : x <= y;                                                         \
  }                                                                                              \
  static void ck_argsort_##S(                                                                    \
      int64_t *order, int64_t *scratch, const void *a, ptrdiff_t stride, ptrdiff_t n,            \
      int descending) {                                                                          \
    const T *u = a;                                                                              \
    for (ptrdiff_t start = 0; start < n; start += CK_RUN) {                                      \
      const ptrdiff_t end = start + CK_RUN < n ? start + CK_RUN : n;                             \
      for (ptrdiff_t i = start; i < end; i++) {                                                  \
        ptrdiff_t j = i;                                                                         \
        for (; j > start && !ck_before_##S(u[order[j - 1] * stride], u[i * stride], descending); \
             j--) {                                                                              \
          order[j] = order[j - 1];                                                               \
        }                                                                                        \
        order[j] = i;                                                                            \
      }                                                                                          \
    }                                                                                            \
    int64_t *from = order, *to = scratch;                                                        \
    for (ptrdiff_t width = CK_RUN; width < n; width *= 2) {                                      \
      for (ptrdiff_t start = 0; start < n; start += 2 * width) {                                 \
        const ptrdiff_t middle = start + width < n ? start + width : n;                          \
        const ptrdiff_t end = start + 2 * width < n ? start + 2 * width : n;                     \
        ptrdiff_t i = start, j = middle;                                                         \
        for (ptrdiff_t k = start; k < end; k++) {                                                \
          const int left = j >= end || (i < middle && ck_before_##S(                             \
              u[from[i] * stride], u[from[j] * stride], descending));                            \
          to[k] = left ? from[i++] : from[j++];                                                  \
        }                                                                                        \
      }                                                                                          \
      int64_t *other = from;                                                                     \
      from = to;                                                                                 \
      to = other;                                                                                \
    }                                                                                            \
    if (from != order) memcpy(order, from, (size_t)n * sizeof *order);                           \
  }
CK_EACH_ORDERED(CK_SORT, )

ck_argsort_loop *ck_argsort(uint8_t dtype) {
  static ck_argsort_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_ORDERED(ck_argsort)};
  return table[dtype];
}
