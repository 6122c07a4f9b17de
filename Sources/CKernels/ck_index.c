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
