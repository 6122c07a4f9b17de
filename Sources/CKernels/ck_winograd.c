// Winograd's F(2×2, 3×3) on 48 tiles and 8 filters, or 32 filters and up to 12 channels, at a time.
#include <string.h>
#include "include/ck_winograd.h"
#include "include/ck_convolution.h"

enum { TILES = 48, PRODUCTS = 16 };

// Tiles [first, end) of the filters' gradients are treated together: whole rows, about TILES.
static ptrdiff_t chunk_rows(const ck_winograd *s) {
  const ptrdiff_t rows = TILES / s->tile_columns;
  return rows < 1 ? 1 : rows < s->tile_rows ? rows : s->tile_rows;
}

// Flat tiles of a chunk, rounded up to vectors.
static ptrdiff_t chunk_tiles(const ck_winograd *s) {
  return (chunk_rows(s) * (s->tile_columns + 1) + 15) / 16 * 16;
}

ptrdiff_t ck_winograd_scratch(const ck_winograd *s) {
  const ptrdiff_t forward = PRODUCTS * TILES * (s->channels + CK_FILTER_BLOCK) + 4 * TILES;
  const ptrdiff_t weight =
      PRODUCTS * (chunk_tiles(s) * s->channels + chunk_rows(s) * s->tile_columns * CK_GRADIENT_BLOCK);
  return forward > weight ? forward : weight;
}

void ck_winograd_filters_f32(
    float *packed, const float *weights, ptrdiff_t filters, ptrdiff_t channels,
    ptrdiff_t filter_stride, ptrdiff_t channel_stride, int turned) {
  for (ptrdiff_t f = 0; f < filters; f++) {
    float *block = packed + f / CK_FILTER_BLOCK * CK_FILTER_BLOCK * PRODUCTS * channels + f % CK_FILTER_BLOCK;
    for (ptrdiff_t c = 0; c < channels; c++) {
      const float *w = weights + f * filter_stride + c * channel_stride;
      float rows[4][3];
      for (int j = 0; j < 3; j++) {
        const float a = w[turned ? 8 - j : j], b = w[turned ? 5 - j : 3 + j], d = w[turned ? 2 - j : 6 + j];
        rows[0][j] = a, rows[1][j] = 0.5f * (a + b + d), rows[2][j] = 0.5f * (a - b + d), rows[3][j] = d;
      }
      for (int i = 0; i < 4; i++) {
        const float a = rows[i][0], b = rows[i][1], d = rows[i][2];
        const float u[4] = {a, 0.5f * (a + b + d), 0.5f * (a - b + d), d};
        for (int j = 0; j < 4; j++) block[((4 * i + j) * channels + c) * CK_FILTER_BLOCK] = u[j];
      }
    }
  }
}

void ck_winograd_weight_finish_f32(
    float *gradient, const float *sums, ptrdiff_t filters, ptrdiff_t channels) {
  for (ptrdiff_t f = 0; f < filters; f++) {
    const float *block =
        sums + f / CK_GRADIENT_BLOCK * CK_GRADIENT_BLOCK * PRODUCTS * channels + f % CK_GRADIENT_BLOCK;
    for (ptrdiff_t c = 0; c < channels; c++, gradient += 9) {
      float rows[3][4];
      for (int j = 0; j < 4; j++) {
        float u[4];
        for (int i = 0; i < 4; i++) u[i] = block[((4 * i + j) * channels + c) * CK_GRADIENT_BLOCK];
        rows[0][j] = u[0] + 0.5f * (u[1] + u[2]);
        rows[1][j] = 0.5f * (u[1] - u[2]);
        rows[2][j] = 0.5f * (u[1] + u[2]) + u[3];
      }
      for (int i = 0; i < 3; i++) {
        const float *u = rows[i];
        gradient[3 * i] = u[0] + 0.5f * (u[1] + u[2]);
        gradient[3 * i + 1] = 0.5f * (u[1] - u[2]);
        gradient[3 * i + 2] = 0.5f * (u[1] + u[2]) + u[3];
      }
    }
  }
}

#if defined(__x86_64__)
#include "ck_convolution_tiles.h"

// Bᵀ d B of the 16 tiles whose first elements are neighbours: out[k · distance + lane].
TILE void image_tile(float *out, ptrdiff_t distance, const float *planes, ptrdiff_t area, ptrdiff_t pitch) {
  __m512 rows[4][4];
  UNROLL for (int j = 0; j < 4; j++) {
    __m512 d[4];
    UNROLL for (int i = 0; i < 4; i++) {
      d[i] = _mm512_loadu_ps(planes + ((i & 1) * 2 + (j & 1)) * area + (i >> 1) * pitch + (j >> 1));
    }
    rows[0][j] = _mm512_sub_ps(d[0], d[2]);
    rows[1][j] = _mm512_add_ps(d[1], d[2]);
    rows[2][j] = _mm512_sub_ps(d[2], d[1]);
    rows[3][j] = _mm512_sub_ps(d[1], d[3]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    float *to = out + 4 * i * distance;
    _mm512_storeu_ps(to, _mm512_sub_ps(rows[i][0], rows[i][2]));
    _mm512_storeu_ps(to + distance, _mm512_add_ps(rows[i][1], rows[i][2]));
    _mm512_storeu_ps(to + 2 * distance, _mm512_sub_ps(rows[i][2], rows[i][1]));
    _mm512_storeu_ps(to + 3 * distance, _mm512_sub_ps(rows[i][1], rows[i][3]));
  }
}

TILE void product(
    const int vectors, float *out, const float *image, const float *weights, ptrdiff_t channels) {
  __m512 sums[CK_FILTER_BLOCK][3];
  UNROLL for (int f = 0; f < CK_FILTER_BLOCK; f++) {
    UNROLL for (int v = 0; v < vectors; v++) sums[f][v] = _mm512_setzero_ps();
  }
  product_tile(vectors, sums, image, weights, channels, NULL, TILES);
  UNROLL for (int f = 0; f < CK_FILTER_BLOCK; f++) {
    UNROLL for (int v = 0; v < vectors; v++) _mm512_storeu_ps(out + f * TILES + 16 * v, sums[f][v]);
  }
}

// Aᵀ m A of 16 tiles, as two rows of 32 outputs.
TILE void result_tile(float *even, float *odd, const float *m, ptrdiff_t distance, __m512 bias) {
  __m512 rows[2][4];
  UNROLL for (int j = 0; j < 4; j++) {
    __m512 d[4];
    UNROLL for (int i = 0; i < 4; i++) d[i] = _mm512_loadu_ps(m + (4 * i + j) * distance);
    rows[0][j] = _mm512_add_ps(_mm512_add_ps(d[0], d[1]), d[2]);
    rows[1][j] = _mm512_sub_ps(_mm512_sub_ps(d[1], d[2]), d[3]);
  }
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  UNROLL for (int i = 0; i < 2; i++) {
    const __m512 a = _mm512_add_ps(
        bias, _mm512_add_ps(_mm512_add_ps(rows[i][0], rows[i][1]), rows[i][2]));
    const __m512 b = _mm512_add_ps(
        bias, _mm512_sub_ps(_mm512_sub_ps(rows[i][1], rows[i][2]), rows[i][3]));
    float *to = i == 0 ? even : odd;
    _mm512_storeu_ps(to, _mm512_permutex2var_ps(a, low, b));
    _mm512_storeu_ps(to + 16, _mm512_permutex2var_ps(a, high, b));
  }
}

TILE void copy(float *to, const float *from, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i += 16) {
    const __mmask16 mask = (__mmask16)((1u << smaller(count - i, 16)) - 1);
    _mm512_mask_storeu_ps(to + i, mask, _mm512_maskz_loadu_ps(mask, from + i));
  }
}

WIDE void ck_winograd_f32(
    float *out, const float *planes, const float *packed, const float *bias, float *scratch,
    const ck_winograd *s) {
  const ptrdiff_t pitch = s->tile_columns + 1, area = (s->tile_rows + 1) * pitch;
  const ptrdiff_t count = s->tile_rows * pitch - 1, distance = s->channels * TILES;
  float *image = scratch, *m = image + PRODUCTS * distance;
  float *even = m + PRODUCTS * CK_FILTER_BLOCK * TILES, *odd = even + 2 * TILES;
  for (ptrdiff_t q = 0; q < count; q += TILES) {
    const ptrdiff_t vectors = smaller((count - q + 15) / 16, 3);
    const ptrdiff_t end = smaller(q + 16 * vectors, count);
    for (ptrdiff_t c = 0; c < s->channels; c++) {
      for (ptrdiff_t v = 0; v < vectors; v++) {
        image_tile(image + c * TILES + 16 * v, distance, planes + 4 * c * area + q + 16 * v, area, pitch);
      }
    }
    const float *weights = packed;
    for (ptrdiff_t f = 0; f < s->filters; f += CK_FILTER_BLOCK) {
      for (ptrdiff_t k = 0; k < PRODUCTS; k++, weights += s->channels * CK_FILTER_BLOCK) {
        float *to = m + k * CK_FILTER_BLOCK * TILES;
        if (vectors == 3) product(3, to, image + k * distance, weights, s->channels);
        else if (vectors == 2) product(2, to, image + k * distance, weights, s->channels);
        else product(1, to, image + k * distance, weights, s->channels);
      }
      const ptrdiff_t filters = smaller(s->filters - f, CK_FILTER_BLOCK);
      for (ptrdiff_t g = 0; g < filters; g++) {
        const __m512 shift = _mm512_set1_ps(bias ? bias[f + g] : 0);
        for (ptrdiff_t v = 0; v < vectors; v++) {
          result_tile(
              even + 32 * v, odd + 32 * v, m + g * TILES + 16 * v, CK_FILTER_BLOCK * TILES, shift);
        }
        float *plane = out + (f + g) * s->rows * s->columns;
        for (ptrdiff_t row = q / pitch; row * pitch < end; row++) {
          const ptrdiff_t first = larger(row * pitch, q);
          const ptrdiff_t column = 2 * (first - row * pitch);
          const ptrdiff_t width = smaller(2 * (smaller(end, row * pitch + s->tile_columns) - first), s->columns - column);
          if (width <= 0) continue;
          float *to = plane + 2 * row * s->columns + column;
          copy(to, even + 2 * (first - q), width);
          if (2 * row + 1 < s->rows) copy(to + s->columns, odd + 2 * (first - q), width);
        }
      }
    }
  }
}

// A g Aᵀ of one tile of 32 filters' gradients: out[k · distance + filter].
TILE void gradient_tile(
    float *out, ptrdiff_t distance, const float *g, ptrdiff_t columns, int has_row, int has_column) {
  UNROLL for (int v = 0; v < 2; v++) {
    const float *from = g + 16 * v;
    const __m512 zero = _mm512_setzero_ps();
    const __m512 a = _mm512_loadu_ps(from);
    const __m512 b = has_column ? _mm512_loadu_ps(from + CK_GRADIENT_BLOCK) : zero;
    const __m512 c = has_row ? _mm512_loadu_ps(from + columns * CK_GRADIENT_BLOCK) : zero;
    const __m512 d =
        has_row && has_column ? _mm512_loadu_ps(from + (columns + 1) * CK_GRADIENT_BLOCK) : zero;
    const __m512 left[4] = {a, _mm512_add_ps(a, c), _mm512_sub_ps(a, c), _mm512_sub_ps(zero, c)};
    const __m512 right[4] = {b, _mm512_add_ps(b, d), _mm512_sub_ps(b, d), _mm512_sub_ps(zero, d)};
    UNROLL for (int i = 0; i < 4; i++) {
      float *to = out + 4 * i * distance + 16 * v;
      _mm512_storeu_ps(to, left[i]);
      _mm512_storeu_ps(to + distance, _mm512_add_ps(left[i], right[i]));
      _mm512_storeu_ps(to + 2 * distance, _mm512_sub_ps(left[i], right[i]));
      _mm512_storeu_ps(to + 3 * distance, _mm512_sub_ps(zero, right[i]));
    }
  }
}

WIDE void ck_winograd_weight_f32(
    float *sums, const float *planes, const float *blocks, float *scratch, const ck_winograd *s) {
  const ptrdiff_t pitch = s->tile_columns + 1, area = (s->tile_rows + 1) * pitch;
  const ptrdiff_t step = chunk_rows(s), tiles = chunk_tiles(s), distance = s->channels * tiles;
  float *image = scratch, *gradient = scratch + PRODUCTS * distance;
  // Channels a register tile treats: as even a division as possible into at most 12.
  const ptrdiff_t parts = (s->channels + 11) / 12, share = (s->channels + parts - 1) / parts;
  for (ptrdiff_t first = 0; first < s->tile_rows; first += step) {
    const ptrdiff_t rows = smaller(step, s->tile_rows - first);
    for (ptrdiff_t c = 0; c < s->channels; c++) {
      for (ptrdiff_t q = 0; q < rows * pitch - 1; q += 16) {
        image_tile(image + c * tiles + q, distance, planes + 4 * c * area + first * pitch + q, area, pitch);
      }
    }
    const ptrdiff_t gradient_distance = rows * s->tile_columns * CK_GRADIENT_BLOCK;
    for (ptrdiff_t f = 0; f < s->filters; f += CK_GRADIENT_BLOCK) {
      const float *block = blocks + f * s->rows * s->columns;
      for (ptrdiff_t i = 0; i < rows; i++) {
        for (ptrdiff_t j = 0; j < s->tile_columns; j++) {
          const ptrdiff_t row = 2 * (first + i);
          gradient_tile(
              gradient + (i * s->tile_columns + j) * CK_GRADIENT_BLOCK, gradient_distance,
              block + (row * s->columns + 2 * j) * CK_GRADIENT_BLOCK, s->columns,
              row + 1 < s->rows, 2 * j + 1 < s->columns);
        }
      }
      float *target = sums + f * PRODUCTS * s->channels;
      for (ptrdiff_t k = 0; k < PRODUCTS; k++) {
        for (ptrdiff_t c = 0; c < s->channels; c += share) {
          float *to = target + (k * s->channels + c) * CK_GRADIENT_BLOCK;
          const float *x = image + k * distance + c * tiles, *g = gradient + k * gradient_distance;
          const ptrdiff_t taps = smaller(share, s->channels - c);
          if (taps > 11) weight_tile(2, 12, to, x, g, NULL, tiles, taps, s->tile_columns, pitch, 0, rows);
          else if (taps > 9) weight_tile(2, 11, to, x, g, NULL, tiles, taps, s->tile_columns, pitch, 0, rows);
          else if (taps > 8) weight_tile(2, 9, to, x, g, NULL, tiles, taps, s->tile_columns, pitch, 0, rows);
          else weight_tile(2, 8, to, x, g, NULL, tiles, taps, s->tile_columns, pitch, 0, rows);
        }
      }
    }
  }
}

#else

void ck_winograd_f32(
    float *out, const float *planes, const float *packed, const float *bias, float *scratch,
    const ck_winograd *s) {
  (void)out, (void)planes, (void)packed, (void)bias, (void)scratch, (void)s;
}
void ck_winograd_weight_f32(
    float *sums, const float *planes, const float *blocks, float *scratch, const ck_winograd *s) {
  (void)sums, (void)planes, (void)blocks, (void)scratch, (void)s;
}

#endif
