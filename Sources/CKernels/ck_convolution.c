// Direct convolution: 8 filters × 48 outputs, or 32 filters × 12 taps, stay in registers.
#include <string.h>
#include "include/ck_convolution.h"
#if defined(__x86_64__)
#include "ck_convolution_tiles.h"
#else
static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
#endif

#if defined(__x86_64__)
// out[j] = source[2 j] for j < pitch, zero where 2 j lies outside [low, high).
WIDE static void every_second(
    float *out, const float *source, ptrdiff_t low, ptrdiff_t high, ptrdiff_t pitch) {
  const __m512i even =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  for (ptrdiff_t j = 0; j < pitch; j += 16) {
    const uint64_t end = (uint64_t)smaller(larger(high - 2 * j, 0), 32);
    const uint64_t start = (uint64_t)smaller(larger(low - 2 * j, 0), 32);
    const uint64_t mask = ((1ull << end) - 1) & ~((1ull << start) - 1);
    const __m512 a = _mm512_maskz_loadu_ps((__mmask16)mask, source + 2 * j);
    const __m512 b = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), source + 2 * j + 16);
    const __mmask16 kept = (__mmask16)((1u << smaller(pitch - j, 16)) - 1);
    _mm512_mask_storeu_ps(out + j, kept, _mm512_permutex2var_ps(a, even, b));
  }
}
#endif

void ck_convolution_pad_f32(
    float *planes, const float *image, ptrdiff_t channels, const ptrdiff_t size[2],
    const ptrdiff_t stride[2], const ptrdiff_t padding[2], ptrdiff_t rows, ptrdiff_t pitch) {
  const int wide = ck_wide_available();
  (void)wide;
  for (ptrdiff_t c = 0; c < channels; c++, image += size[0] * size[1])
    for (ptrdiff_t a = 0; a < stride[0]; a++)
      for (ptrdiff_t b = 0; b < stride[1]; b++) {
        // The columns whose source x = j · stride + b - padding lies in the image.
        const ptrdiff_t shift = padding[1] - b, step = stride[1];
        const ptrdiff_t first = smaller(larger(shift + step - 1, 0) / step, pitch);
        const ptrdiff_t end = larger(smaller(larger(size[1] + shift + step - 1, 0) / step, pitch), first);
        for (ptrdiff_t i = 0; i < rows; i++, planes += pitch) {
          const ptrdiff_t y = i * stride[0] + a - padding[0];
          if (y < 0 || y >= size[0]) {
            memset(planes, 0, (size_t)pitch * sizeof(float));
            continue;
          }
          const float *source = image + y * size[1] - shift;
#if defined(__x86_64__)
          if (step == 2 && wide) {
            every_second(planes, source, shift, size[1] + shift, pitch);
            continue;
          }
#endif
          memset(planes, 0, (size_t)first * sizeof(float));
          if (step == 1) {
            memcpy(planes + first, source + first, (size_t)(end - first) * sizeof(float));
          } else {
            for (ptrdiff_t j = first; j < end; j++) planes[j] = source[j * step];
          }
          memset(planes + end, 0, (size_t)(pitch - end) * sizeof(float));
        }
      }
}

#if defined(__x86_64__)

// Which of 16 neighbouring flat positions are outputs, and where the first of them lies.
typedef struct {
  __mmask16 mask, kept;
  ptrdiff_t place;
} lanes;

TILE lanes outputs(const ck_convolution *s, ptrdiff_t position) {
  lanes result = {0, 0, 0};
  ptrdiff_t row = position / s->pitch, column = position % s->pitch;
  int found = 0;
  for (int lane = 0; lane < 16; lane++) {
    if (row < s->rows && column < s->columns) {
      if (!found) result.place = row * s->columns + column;
      result.mask |= (__mmask16)(1u << lane);
      found++;
    }
    if (++column == s->pitch) column = 0, row++;
  }
  result.kept = (__mmask16)((1u << found) - 1);
  return result;
}

// One tile; the outputs among its flat positions are neighbours in the result.
TILE void forward_tile(
    const int vectors, float *out, const float *planes, const float *packed, const ck_convolution *s,
    const lanes *valid, ptrdiff_t filters) {
  __m512 sums[CK_FILTER_BLOCK][3];
  UNROLL for (int f = 0; f < CK_FILTER_BLOCK; f++) {
    UNROLL for (int v = 0; v < vectors; v++) sums[f][v] = _mm512_set1_ps(packed[f]);
  }
  product_tile(vectors, sums, planes, packed + CK_FILTER_BLOCK, s->taps, s->offsets, 0);
  const ptrdiff_t area = s->rows * s->columns;
  UNROLL for (int f = 0; f < CK_FILTER_BLOCK; f++) {
    if (f >= filters) return;
    UNROLL for (int v = 0; v < vectors; v++) {
      _mm512_mask_storeu_ps(
          out + f * area + valid[v].place, valid[v].kept,
          _mm512_maskz_compress_ps(valid[v].mask, sums[f][v]));
    }
  }
}

WIDE void ck_convolution_f32(
    float *out, const float *planes, const float *packed, const ck_convolution *s) {
  const ptrdiff_t count = (s->rows - 1) * s->pitch + s->columns;
  const ptrdiff_t step = (s->taps + 1) * CK_FILTER_BLOCK, area = s->rows * s->columns;
  for (ptrdiff_t p = 0; p < count; p += 48) {
    lanes valid[3];
    for (int v = 0; v < 3; v++) valid[v] = outputs(s, p + 16 * v);
    const ptrdiff_t vectors = smaller((count - p + 15) / 16, 3);
    const float *weights = packed;
    for (ptrdiff_t f = 0; f < s->filters; f += CK_FILTER_BLOCK, weights += step) {
      float *to = out + f * area;
      const ptrdiff_t filters = s->filters - f;
      if (vectors == 3) forward_tile(3, to, planes + p, weights, s, valid, filters);
      else if (vectors == 2) forward_tile(2, to, planes + p, weights, s, valid, filters);
      else forward_tile(1, to, planes + p, weights, s, valid, filters);
    }
  }
}

// 16 rows `stride` apart become columns of 16.
TILE void transpose_tile(float *out, ptrdiff_t out_stride, const float *in, ptrdiff_t stride) {
  __m512 a[16], b[16];
  UNROLL for (int i = 0; i < 16; i++) a[i] = _mm512_loadu_ps(in + i * stride);
  UNROLL for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
  UNROLL for (int i = 0; i < 16; i += 4) {
    a[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(b[i]), _mm512_castps_pd(b[i + 2])));
    a[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(b[i]), _mm512_castps_pd(b[i + 2])));
    a[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(b[i + 1]), _mm512_castps_pd(b[i + 3])));
    a[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(b[i + 1]), _mm512_castps_pd(b[i + 3])));
  }
  // a[4 q + r] holds in its 128-bit part k the elements 4 q … 4 q + 3 of column 4 k + r.
  UNROLL for (int r = 0; r < 4; r++) {
    const __m512 low = _mm512_shuffle_f32x4(a[r], a[4 + r], 0x88);
    const __m512 high = _mm512_shuffle_f32x4(a[r], a[4 + r], 0xdd);
    const __m512 low2 = _mm512_shuffle_f32x4(a[8 + r], a[12 + r], 0x88);
    const __m512 high2 = _mm512_shuffle_f32x4(a[8 + r], a[12 + r], 0xdd);
    b[r] = _mm512_shuffle_f32x4(low, low2, 0x88);
    b[8 + r] = _mm512_shuffle_f32x4(low, low2, 0xdd);
    b[4 + r] = _mm512_shuffle_f32x4(high, high2, 0x88);
    b[12 + r] = _mm512_shuffle_f32x4(high, high2, 0xdd);
  }
  UNROLL for (int i = 0; i < 16; i++) _mm512_storeu_ps(out + i * out_stride, b[i]);
}

WIDE void ck_convolution_transpose_f32(
    float *blocks, const float *gradient, ptrdiff_t filters, ptrdiff_t positions) {
  for (ptrdiff_t f = 0; f < filters; f += CK_GRADIENT_BLOCK, blocks += CK_GRADIENT_BLOCK * positions) {
    const ptrdiff_t width = smaller(filters - f, CK_GRADIENT_BLOCK);
    const float *from = gradient + f * positions;
    if (width < CK_GRADIENT_BLOCK) {
      memset(blocks, 0, (size_t)(CK_GRADIENT_BLOCK * positions) * sizeof(float));
    }
    const ptrdiff_t whole = width / 16 * 16, end = positions / 16 * 16;
    for (ptrdiff_t h = 0; h < whole; h += 16) {
      for (ptrdiff_t p = 0; p < end; p += 16) {
        transpose_tile(
            blocks + p * CK_GRADIENT_BLOCK + h, CK_GRADIENT_BLOCK, from + h * positions + p, positions);
      }
      for (ptrdiff_t p = end; p < positions; p++) {
        for (int i = 0; i < 16; i++) {
          blocks[p * CK_GRADIENT_BLOCK + h + i] = from[(h + i) * positions + p];
        }
      }
    }
    for (ptrdiff_t h = whole; h < width; h++) {
      for (ptrdiff_t p = 0; p < positions; p++) {
        blocks[p * CK_GRADIENT_BLOCK + h] = from[h * positions + p];
      }
    }
  }
}

enum { TAPS = 12, NARROW_TAPS = 24 };

WIDE void ck_convolution_weight_f32(
    float *sums, const float *planes, const float *blocks, const ck_convolution *s) {
  // About 128 positions at a time, so that a block of gradients stays in the first cache.
  const ptrdiff_t chunk = larger(128 / s->columns, 1);
  for (ptrdiff_t first = 0; first < s->rows; first += chunk) {
    const ptrdiff_t last = smaller(first + chunk, s->rows);
    for (ptrdiff_t f = 0; f < s->filters; f += CK_GRADIENT_BLOCK) {
      float *target = sums + f * s->taps;
      const float *g = blocks + f * s->rows * s->columns;
      if (s->filters - f > 16) {
        for (ptrdiff_t t = 0; t < s->taps; t += TAPS) {
          weight_tile(
              2, TAPS, target + t * CK_GRADIENT_BLOCK, planes, g, s->offsets + t,
              0, smaller(s->taps - t, TAPS), s->columns, s->pitch, first, last);
        }
      } else {
        for (ptrdiff_t t = 0; t < s->taps; t += NARROW_TAPS) {
          weight_tile(
              1, NARROW_TAPS, target + t * CK_GRADIENT_BLOCK, planes, g, s->offsets + t,
              0, smaller(s->taps - t, NARROW_TAPS), s->columns, s->pitch, first, last);
        }
      }
    }
  }
}

#else

void ck_convolution_f32(
    float *out, const float *planes, const float *packed, const ck_convolution *s) {
  (void)out, (void)planes, (void)packed, (void)s;
}
void ck_convolution_transpose_f32(
    float *blocks, const float *gradient, ptrdiff_t filters, ptrdiff_t positions) {
  (void)blocks, (void)gradient, (void)filters, (void)positions;
}
void ck_convolution_weight_f32(
    float *sums, const float *planes, const float *blocks, const ck_convolution *s) {
  (void)sums, (void)planes, (void)blocks, (void)s;
}

#endif
