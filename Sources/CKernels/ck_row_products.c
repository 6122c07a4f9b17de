// Sums of outer products of rows: 12 × 32 sums stay in registers.
#include "include/ck_row_products.h"
#include <string.h>

void ck_pack_panels_f32(
    float *panels, const float *a, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t width) {
  for (ptrdiff_t first = 0; first < columns; first += width) {
    const ptrdiff_t count = columns - first < width ? columns - first : width;
    for (ptrdiff_t r = 0; r < rows; r++, panels += width) {
      memcpy(panels, a + r * stride + first, (size_t)count * sizeof(float));
      if (count < width) memset(panels + count, 0, (size_t)(width - count) * sizeof(float));
    }
  }
}

#if defined(__x86_64__)
#include "ck_wide.h"

enum { HEIGHT = CK_PRODUCT_HEIGHT, WIDTH = CK_PRODUCT_WIDTH };
typedef float tile[HEIGHT * WIDTH];

TILE void multiply(__m512 sums[HEIGHT][2], const float *left, const float *right, ptrdiff_t rows) {
  UNROLL for (int h = 0; h < HEIGHT; h++) sums[h][0] = sums[h][1] = _mm512_setzero_ps();
  for (ptrdiff_t r = 0; r < rows; r++, left += HEIGHT, right += WIDTH) {
    const __m512 a = _mm512_loadu_ps(right), b = _mm512_loadu_ps(right + 16);
    UNROLL for (int h = 0; h < HEIGHT; h++) {
      const __m512 factor = _mm512_set1_ps(left[h]);
      sums[h][0] = _mm512_fmadd_ps(factor, a, sums[h][0]);
      sums[h][1] = _mm512_fmadd_ps(factor, b, sums[h][1]);
    }
  }
}

TILE void store(float *to, ptrdiff_t stride, ptrdiff_t height, ptrdiff_t width, __m512 sums[HEIGHT][2]) {
  const __mmask16 low = (__mmask16)((1u << smaller(width, 16)) - 1);
  const __mmask16 high = (__mmask16)((1u << larger(width - 16, 0)) - 1);
  UNROLL for (int h = 0; h < HEIGHT; h++) {
    if (h >= height) break;
    _mm512_mask_storeu_ps(to + h * stride, low, sums[h][0]);
    _mm512_mask_storeu_ps(to + h * stride + 16, high, sums[h][1]);
  }
}

TILE void load(__m512 sums[HEIGHT][2], const float *from) {
  UNROLL for (int h = 0; h < HEIGHT; h++) {
    sums[h][0] = _mm512_loadu_ps(from + h * WIDTH);
    sums[h][1] = _mm512_loadu_ps(from + h * WIDTH + 16);
  }
}

TILE void add(__m512 sums[HEIGHT][2], const float *left) {
  UNROLL for (int h = 0; h < HEIGHT; h++) {
    sums[h][0] = _mm512_add_ps(_mm512_loadu_ps(left + h * WIDTH), sums[h][0]);
    sums[h][1] = _mm512_add_ps(_mm512_loadu_ps(left + h * WIDTH + 16), sums[h][1]);
  }
}

WIDE void ck_row_products_f32(
    float *const *sums, const ck_row_part *parts, ptrdiff_t count, ptrdiff_t height, ptrdiff_t width) {
  tile stack[CK_PRODUCT_DEPTH];
  for (ptrdiff_t i = 0; i < height; i += HEIGHT) {
    for (ptrdiff_t j = 0; j < width; j += WIDTH) {
      const ptrdiff_t rows = smaller(height - i, HEIGHT), columns = smaller(width - j, WIDTH);
      // The top of the stack stays in registers.
      __m512 top[HEIGHT][2];
      ptrdiff_t depth = 0;
      for (const ck_row_part *part = parts; part < parts + count; part++) {
        if (part > parts) store(stack[depth++], WIDTH, HEIGHT, WIDTH, top);
        multiply(top, part->left + i * part->rows, part->right + j * part->rows, part->rows);
        for (ptrdiff_t k = 0; k < part->additions; k++) add(top, stack[--depth]);
      }
      store(sums[depth] + i * width + j, width, rows, columns, top);
      for (ptrdiff_t d = 0; d < depth; d++) {
        load(top, stack[d]);
        store(sums[d] + i * width + j, width, rows, columns, top);
      }
    }
  }
}

#else

void ck_row_products_f32(
    float *const *sums, const ck_row_part *parts, ptrdiff_t count, ptrdiff_t height, ptrdiff_t width) {
  (void)sums, (void)parts, (void)count, (void)height, (void)width;
}

#endif
