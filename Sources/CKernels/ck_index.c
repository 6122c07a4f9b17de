#include "include/ck_index.h"
#include "ck_types.h"

#define CK_GATHER(T, SIZE)                                                                    \
  static ptrdiff_t ck_gather_##SIZE(                                                          \
      void *out, ptrdiff_t so, const void *base, ptrdiff_t stride, ptrdiff_t step,            \
      const int64_t *index, ptrdiff_t si, ptrdiff_t limit, ptrdiff_t n) {                     \
    T *y = out;                                                                               \
    const T *u = base;                                                                        \
    for (ptrdiff_t i = 0; i < n; i++) {                                                       \
      const int64_t k = index[i * si];                                                        \
      if (k < 0 || k >= limit) return i;                                                      \
      y[i * so] = u[i * stride + k * step];                                                   \
    }                                                                                         \
    return -1;                                                                                \
  }
CK_GATHER(uint8_t, 1)
CK_GATHER(uint16_t, 2)
CK_GATHER(uint32_t, 4)
CK_GATHER(uint64_t, 8)
CK_GATHER(ck_c128, 16)

ck_gather_loop *ck_gather(size_t element_size) {
  switch (element_size) {
    case 1: return ck_gather_1;
    case 2: return ck_gather_2;
    case 4: return ck_gather_4;
    case 8: return ck_gather_8;
    default: return ck_gather_16;
  }
}

#define CK_SCATTER_ADD(T, S, ...)                                                             \
  static ptrdiff_t ck_scatter_add_##S(                                                        \
      void *base, ptrdiff_t stride, ptrdiff_t step, const int64_t *index, ptrdiff_t si,       \
      ptrdiff_t limit, const void *source, ptrdiff_t ss, ptrdiff_t n) {                       \
    T *y = base;                                                                              \
    const T *u = source;                                                                      \
    for (ptrdiff_t i = 0; i < n; i++) {                                                       \
      const int64_t k = index[i * si];                                                        \
      if (k < 0 || k >= limit) return i;                                                      \
      y[i * stride + k * step] += u[i * ss];                                                  \
    }                                                                                         \
    return -1;                                                                                \
  }
CK_EACH_TYPE(CK_SCATTER_ADD, )

ck_scatter_loop *ck_scatter_add(uint8_t dtype) {
  static ck_scatter_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_ALL(ck_scatter_add)};
  return table[dtype];
}
