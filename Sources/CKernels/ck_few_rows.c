// Products of few rows with a matrix. The lanes are the rows, and elements of the matrix are sent to all
// lanes, so the matrix is copied in whole lines only, whether it is transposed or not.
#include "include/ck_few_rows.h"

#if defined(__x86_64__)
#include <string.h>
#include "ck_wide.h"

enum {
  SUMS = 24,          // vectors of sums that stay in registers
  DEPTH = 256,        // products added up before the sums go to memory
  PITCH = DEPTH + 16, // of copied columns: a power of two would put them all into one set of the cache
  PANEL = 48          // columns of copied rows, a multiple of a tile's
};

TILE void tile(
    const int vectors, const ptrdiff_t across, const ptrdiff_t along, float *out, const float *rows,
    const float *matrix, ptrdiff_t columns, ptrdiff_t depth, int adds) {
  const int most = SUMS / vectors;
  const ptrdiff_t width = 16 * vectors;
  __m512 sums[SUMS][4];
  UNROLL for (int j = 0; j < most; j++) {
    UNROLL for (int v = 0; v < vectors; v++) sums[j][v] = _mm512_setzero_ps();
  }
  for (ptrdiff_t k = 0; k < depth; k++, rows += width, matrix += along) {
    __m512 x[4];
    UNROLL for (int v = 0; v < vectors; v++) x[v] = _mm512_loadu_ps(rows + 16 * v);
    UNROLL for (int j = 0; j < most; j++) {
      const __m512 factor = _mm512_set1_ps(matrix[j * across]);
      UNROLL for (int v = 0; v < vectors; v++) sums[j][v] = _mm512_fmadd_ps(factor, x[v], sums[j][v]);
    }
  }
  UNROLL for (int j = 0; j < most; j++) {
    if (j >= columns) break;
    UNROLL for (int v = 0; v < vectors; v++) {
      float *to = out + j * width + 16 * v;
      _mm512_storeu_ps(to, adds ? _mm512_add_ps(_mm512_loadu_ps(to), sums[j][v]) : sums[j][v]);
    }
  }
}

// Copies `count` runs of `length` elements.
TILE void copy_runs(
    float *to, ptrdiff_t pitch, const float *from, ptrdiff_t stride, ptrdiff_t count, ptrdiff_t length) {
  for (ptrdiff_t i = 0; i < count; i++) {
    memcpy(to + i * pitch, from + i * stride, (size_t)length * sizeof(float));
  }
}

TILE void multiply(
    const int vectors, const int transposed, float *sums, const float *rows,
    const ck_few_rows_matrix *m, int adds) {
  const ptrdiff_t most = SUMS / vectors, panel = transposed ? most : PANEL, width = 16 * vectors;
  float copy[DEPTH * PANEL];
  // Columns that a last tile does not have are multiplied all the same, and not stored.
  if (m->columns % most) memset(copy, 0, sizeof(copy));
  for (ptrdiff_t k = 0; k < m->depth; k += DEPTH) {
    const ptrdiff_t depth = smaller(m->depth - k, DEPTH);
    for (ptrdiff_t first = 0; first < m->columns; first += panel) {
      const ptrdiff_t columns = smaller(m->columns - first, panel);
      if (transposed) {
        copy_runs(copy, PITCH, m->elements + first * m->stride + k, m->stride, columns, depth);
      } else if (columns == PANEL) {
        copy_runs(copy, PANEL, m->elements + k * m->stride + first, m->stride, depth, PANEL);
      } else {
        copy_runs(copy, PANEL, m->elements + k * m->stride + first, m->stride, depth, columns);
      }
      for (ptrdiff_t j = 0; j < columns; j += most) {
        tile(
            vectors, transposed ? PITCH : 1, transposed ? 1 : PANEL, sums + (first + j) * width,
            rows + k * width, copy + j, columns - j, depth, adds || k > 0);
      }
    }
  }
}

WIDE void ck_few_rows_f32(
    float *sums, const float *rows, ptrdiff_t vectors, const ck_few_rows_matrix *matrix, int adds) {
  switch (2 * vectors + matrix->transposed) {
    case 2: return multiply(1, 0, sums, rows, matrix, adds);
    case 3: return multiply(1, 1, sums, rows, matrix, adds);
    case 4: return multiply(2, 0, sums, rows, matrix, adds);
    case 5: return multiply(2, 1, sums, rows, matrix, adds);
    case 6: return multiply(3, 0, sums, rows, matrix, adds);
    case 7: return multiply(3, 1, sums, rows, matrix, adds);
    case 8: return multiply(4, 0, sums, rows, matrix, adds);
    default: return multiply(4, 1, sums, rows, matrix, adds);
  }
}

#else

void ck_few_rows_f32(
    float *sums, const float *rows, ptrdiff_t vectors, const ck_few_rows_matrix *matrix, int adds) {
  (void)sums, (void)rows, (void)vectors, (void)matrix, (void)adds;
}

#endif
