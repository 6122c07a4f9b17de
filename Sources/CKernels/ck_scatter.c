// Loops that combine elements with those at places given by indices.
#include <string.h>
#include "include/ck_index.h"
#include "ck_types.h"

#define CK_SCATTER(NAME, T, S, EXPRESSION)                                                    \
  static ptrdiff_t ck_scatter_##NAME##_##S(                                                   \
      void *base, ptrdiff_t stride, ptrdiff_t step, const int64_t *index, ptrdiff_t si,       \
      ptrdiff_t limit, const void *source, ptrdiff_t ss, ptrdiff_t n) {                       \
    T *y = base;                                                                              \
    const T *u = source;                                                                      \
    for (ptrdiff_t i = 0; i < n; i++) {                                                       \
      const int64_t k = index[i * si];                                                        \
      if (k < 0 || k >= limit) return i;                                                      \
      T *at = y + i * stride + k * step;                                                      \
      const T old = *at, value = u[i * ss];                                                   \
      (void)old;                                                                              \
      *at = EXPRESSION;                                                                       \
    }                                                                                         \
    return -1;                                                                                \
  }

// A NaN wins over every number.
#define CK_SCATTER_ADD_OF(T, S, ...) CK_SCATTER(add, T, S, (T)(old + value))
#define CK_SCATTER_MULTIPLY_OF(T, S, ...) CK_SCATTER(multiply, T, S, (T)(old * value))
#define CK_SCATTER_MAXIMUM_OF(T, S, ...) CK_SCATTER(maximum, T, S, value > old || value != value ? value : old)
#define CK_SCATTER_MINIMUM_OF(T, S, ...) CK_SCATTER(minimum, T, S, value < old || value != value ? value : old)
CK_EACH_TYPE(CK_SCATTER_ADD_OF, )
CK_EACH_TYPE(CK_SCATTER_MULTIPLY_OF, )
CK_EACH_ORDERED(CK_SCATTER_MAXIMUM_OF, )
CK_EACH_ORDERED(CK_SCATTER_MINIMUM_OF, )

CK_SCATTER(assign, uint8_t, 1, value)
CK_SCATTER(assign, uint16_t, 2, value)
CK_SCATTER(assign, uint32_t, 4, value)
CK_SCATTER(assign, uint64_t, 8, value)
CK_SCATTER(assign, ck_c128, 16, value)

ck_scatter_loop *ck_scatter(ck_scatter_op op, uint8_t dtype) {
  static ck_scatter_loop *const table[][CK_DTYPE_COUNT] = {
      [CK_SCATTER_ADD] = {CK_TABLE_ALL(ck_scatter_add)},
      [CK_SCATTER_MULTIPLY] = {CK_TABLE_ALL(ck_scatter_multiply)},
      [CK_SCATTER_MAXIMUM] = {CK_TABLE_ORDERED(ck_scatter_maximum)},
      [CK_SCATTER_MINIMUM] = {CK_TABLE_ORDERED(ck_scatter_minimum)},
  };
  return table[op][dtype];
}

ck_scatter_loop *ck_scatter_assign(size_t element_size) {
  switch (element_size) {
    case 1: return ck_scatter_assign_1;
    case 2: return ck_scatter_assign_2;
    case 4: return ck_scatter_assign_4;
    case 8: return ck_scatter_assign_8;
    default: return ck_scatter_assign_16;
  }
}
