// Loops over whole rows that indices name. The indices were checked before.
#include <string.h>
#include "include/ck_index.h"
#include "ck_types.h"

ptrdiff_t ck_first_outside(const int64_t *index, ptrdiff_t count, int64_t limit) {
  for (ptrdiff_t i = 0; i < count; i++) {
    if (index[i] < 0 || index[i] >= limit) return i;
  }
  return -1;
}

#define CK_TAKE(T)                                                                           \
  for (ptrdiff_t o = 0; o < outer; o++) {                                                    \
    const T *u = (const T *)base + o * extent;                                               \
    T *y = (T *)out + o * count;                                                             \
    for (ptrdiff_t i = 0; i < count; i++) y[i] = u[index[i]];                                \
  }                                                                                          \
  return;

void ck_take_rows(
    void *out, const void *base, const int64_t *index, ptrdiff_t count, ptrdiff_t extent,
    ptrdiff_t outer, size_t row) {
  switch (row) {
    case 1: CK_TAKE(uint8_t)
    case 2: CK_TAKE(uint16_t)
    case 4: CK_TAKE(uint32_t)
    case 8: CK_TAKE(uint64_t)
    case 16: CK_TAKE(ck_c128)
  }
  char *y = out;
  for (ptrdiff_t o = 0; o < outer; o++) {
    const char *u = (const char *)base + (size_t)(o * extent) * row;
    for (ptrdiff_t i = 0; i < count; i++, y += row) memcpy(y, u + (size_t)index[i] * row, row);
  }
}

void ck_put_rows(
    void *base, const int64_t *index, ptrdiff_t count, ptrdiff_t extent, ptrdiff_t outer,
    const void *source, size_t row) {
  const char *u = source;
  for (ptrdiff_t o = 0; o < outer; o++) {
    char *y = (char *)base + (size_t)(o * extent) * row;
    for (ptrdiff_t i = 0; i < count; i++, u += row) memcpy(y + (size_t)index[i] * row, u, row);
  }
}

#define CK_ADD_ROWS(T, S, ...)                                                               \
  CK_CLONES_##S static void ck_add_rows_##S(                                                 \
      void *base, const int64_t *index, ptrdiff_t count, ptrdiff_t extent, ptrdiff_t outer,  \
      const void *source, ptrdiff_t inner) {                                                 \
    const T *u = source;                                                                     \
    for (ptrdiff_t o = 0; o < outer; o++) {                                                  \
      for (ptrdiff_t i = 0; i < count; i++, u += inner) {                                    \
        T *y = (T *)base + (o * extent + index[i]) * inner;                                  \
        CK_VECTOR for (ptrdiff_t j = 0; j < inner; j++) y[j] = (T)(y[j] + u[j]);             \
      }                                                                                      \
    }                                                                                        \
  }
CK_EACH_TYPE(CK_ADD_ROWS, )

ck_add_rows_loop *ck_add_rows(uint8_t dtype) {
  static ck_add_rows_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_ALL(ck_add_rows)};
  return table[dtype];
}

ptrdiff_t ck_count_set(const uint8_t *mask, ptrdiff_t count) {
  ptrdiff_t total = 0;
  for (ptrdiff_t i = 0; i < count; i++) total += mask[i] != 0;
  return total;
}

void ck_nonzero(
    const uint8_t *mask, ptrdiff_t count, int64_t *out, const ptrdiff_t *shape, ptrdiff_t rank) {
  for (ptrdiff_t i = 0; i < count; i++) {
    if (!mask[i]) continue;
    ptrdiff_t rest = i;
    for (ptrdiff_t axis = rank - 1; axis >= 0; axis--) {
      out[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    out += rank;
  }
}
