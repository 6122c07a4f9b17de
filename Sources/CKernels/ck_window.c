// Columns of sliding windows, and their adjoint.
#include <string.h>
#include "ck_types.h"
#include "include/ck_window.h"

// The outputs [*first, *end) of a dimension for which a kernel position lies inside the image.
static void inside(const ck_window *w, int axis, ptrdiff_t k, ptrdiff_t *first, ptrdiff_t *end) {
  const ptrdiff_t shift = w->padding[axis] - k * w->dilation[axis], stride = w->stride[axis];
  const ptrdiff_t low = shift > 0 ? (shift + stride - 1) / stride : 0;
  const ptrdiff_t limit = w->size[axis] + shift;
  const ptrdiff_t high = limit > 0 ? (limit + stride - 1) / stride : 0;
  *end = high < w->output[axis] ? high : w->output[axis];
  *first = low < *end ? low : *end;
}

static ptrdiff_t position(const ck_window *w, int axis, ptrdiff_t output, ptrdiff_t k) {
  return output * w->stride[axis] - w->padding[axis] + k * w->dilation[axis];
}

// Runs BODY for every row of outputs: `row` is its place in the columns, `in` the image's row where
// the row starts (only if `last > first`), [first, last) the outputs inside the image.
#define CK_EACH_ROW(BODY)                                                                          \
  ptrdiff_t row = 0;                                                                               \
  for (ptrdiff_t c = 0; c < w->channels; c++)                                                      \
    for (ptrdiff_t k0 = 0; k0 < w->kernel[0]; k0++)                                                \
      for (ptrdiff_t k1 = 0; k1 < w->kernel[1]; k1++)                                              \
        for (ptrdiff_t k2 = 0; k2 < w->kernel[2]; k2++) {                                          \
          ptrdiff_t f0, e0, f1, e1, f2, e2;                                                        \
          inside(w, 0, k0, &f0, &e0), inside(w, 1, k1, &f1, &e1), inside(w, 2, k2, &f2, &e2);      \
          for (ptrdiff_t o0 = 0; o0 < w->output[0]; o0++)                                          \
            for (ptrdiff_t o1 = 0; o1 < w->output[1]; o1++, row += w->output[2]) {                 \
              const int visible = o0 >= f0 && o0 < e0 && o1 >= f1 && o1 < e1;                      \
              const ptrdiff_t first = f2, last = visible ? e2 : f2;                                \
              const ptrdiff_t start =                                                              \
                  last > first ? ((c * w->size[0] + position(w, 0, o0, k0)) * w->size[1] +         \
                                  position(w, 1, o1, k1)) * w->size[2] + position(w, 2, first, k2) \
                               : 0;                                                                \
              BODY                                                                                 \
            }                                                                                      \
        }

#define CK_TO_COLUMNS(T, S)                                                                        \
  static void to_columns_##S(void *columns, const void *image, const ck_window *w) {               \
    T *out = columns;                                                                              \
    const T *in = image;                                                                           \
    const ptrdiff_t stride = w->stride[2];                                                         \
    CK_EACH_ROW({                                                                                  \
      T *y = out + row;                                                                            \
      const T *x = in + start;                                                                     \
      memset(y, 0, (size_t)(last > first ? first : w->output[2]) * sizeof(T));                     \
      if (last > first) {                                                                          \
        if (stride == 1) memcpy(y + first, x, (size_t)(last - first) * sizeof(T));                 \
        else for (ptrdiff_t i = 0; i < last - first; i++) y[first + i] = x[i * stride];            \
        memset(y + last, 0, (size_t)(w->output[2] - last) * sizeof(T));                            \
      }                                                                                            \
    })                                                                                             \
  }
typedef struct { uint64_t part[2]; } ck_bytes16;
CK_TO_COLUMNS(uint8_t, 1)
CK_TO_COLUMNS(uint16_t, 2)
CK_TO_COLUMNS(uint32_t, 4)
CK_TO_COLUMNS(uint64_t, 8)
CK_TO_COLUMNS(ck_bytes16, 16)

#define CK_TO_IMAGE(T, S, ...)                                                                     \
  static void to_image_##S(void *image, const void *columns, const ck_window *w) {                 \
    T *out = image;                                                                                \
    const T *in = columns;                                                                         \
    const ptrdiff_t stride = w->stride[2];                                                         \
    CK_EACH_ROW({                                                                                  \
      T *y = out + start;                                                                          \
      const T *x = in + row + first;                                                               \
      if (stride == 1) {                                                                           \
        CK_VECTOR for (ptrdiff_t i = 0; i < last - first; i++) y[i] = (T)(y[i] + x[i]);            \
      } else {                                                                                     \
        for (ptrdiff_t i = 0; i < last - first; i++) y[i * stride] = (T)(y[i * stride] + x[i]);    \
      }                                                                                            \
    })                                                                                             \
  }
CK_EACH_NUMBER(CK_TO_IMAGE, )

ck_columns_loop *ck_image_to_columns(size_t element_size) {
  switch (element_size) {
    case 1: return to_columns_1;
    case 2: return to_columns_2;
    case 4: return to_columns_4;
    case 8: return to_columns_8;
    case 16: return to_columns_16;
    default: return NULL;
  }
}

ck_columns_loop *ck_columns_to_image(uint8_t dtype) {
  static ck_columns_loop *const table[CK_DTYPE_COUNT] = {CK_TABLE_NUMBER(to_image)};
  return dtype < CK_DTYPE_COUNT ? table[dtype] : NULL;
}
