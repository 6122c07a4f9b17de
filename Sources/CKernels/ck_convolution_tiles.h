// Register tiles of convolutions for AVX-512.
#pragma once
#include <stdint.h>
#include "ck_wide.h"
#include "include/ck_convolution.h"

// sums[f][v] += weights[tap][f] · planes[offsets[tap] + 16 v], or with a fixed distance of the taps.
TILE void product_tile(
    const int vectors, __m512 sums[CK_FILTER_BLOCK][3], const float *planes, const float *weights,
    ptrdiff_t taps, const int64_t *offsets, ptrdiff_t distance) {
  for (ptrdiff_t tap = 0; tap < taps; tap++, weights += CK_FILTER_BLOCK) {
    const float *from = planes + (offsets ? offsets[tap] : tap * distance);
    __m512 x[3];
    UNROLL for (int v = 0; v < vectors; v++) x[v] = _mm512_loadu_ps(from + 16 * v);
    UNROLL for (int f = 0; f < CK_FILTER_BLOCK; f++) {
      const __m512 w = _mm512_set1_ps(weights[f]);
      UNROLL for (int v = 0; v < vectors; v++) sums[f][v] = _mm512_fmadd_ps(w, x[v], sums[f][v]);
    }
  }
}

enum { MOST_TAPS = 24 };

// Adds to sums[tap, f] the products of the outputs of rows [first, last) for the first `count` of the
// tile's taps, which lie at offsets or at a fixed distance.
TILE void weight_tile(
    const int vectors, const int taps, float *sums, const float *planes, const float *blocks,
    const int64_t *offsets, ptrdiff_t distance, ptrdiff_t count, ptrdiff_t columns, ptrdiff_t pitch,
    ptrdiff_t first, ptrdiff_t last) {
  __m512 total[MOST_TAPS][2];
  const float *from[MOST_TAPS];
  UNROLL for (int t = 0; t < taps; t++) {
    const ptrdiff_t tap = t < count ? t : count - 1;
    from[t] = planes + (offsets ? offsets[tap] : tap * distance);
    UNROLL for (int v = 0; v < vectors; v++) total[t][v] = _mm512_setzero_ps();
  }
  const float *g = blocks + first * columns * CK_GRADIENT_BLOCK;
  for (ptrdiff_t i = first; i < last; i++) {
    ptrdiff_t at = i * pitch, end = at + columns;
    for (; at + 2 <= end; at += 2, g += 2 * CK_GRADIENT_BLOCK) {
      __m512 a[2][2];
      UNROLL for (int v = 0; v < vectors; v++) {
        a[0][v] = _mm512_loadu_ps(g + 16 * v);
        a[1][v] = _mm512_loadu_ps(g + CK_GRADIENT_BLOCK + 16 * v);
      }
      UNROLL for (int t = 0; t < taps; t++) {
        const float *x = from[t] + at;
        UNROLL for (int j = 0; j < 2; j++) {
          const __m512 b = _mm512_set1_ps(x[j]);
          UNROLL for (int v = 0; v < vectors; v++) total[t][v] = _mm512_fmadd_ps(b, a[j][v], total[t][v]);
        }
      }
    }
    for (; at < end; at++, g += CK_GRADIENT_BLOCK) {
      UNROLL for (int t = 0; t < taps; t++) {
        const __m512 b = _mm512_set1_ps(from[t][at]);
        UNROLL for (int v = 0; v < vectors; v++) {
          total[t][v] = _mm512_fmadd_ps(b, _mm512_loadu_ps(g + 16 * v), total[t][v]);
        }
      }
    }
  }
  UNROLL for (int t = 0; t < taps; t++) {
    if (t >= count) return;
    UNROLL for (int v = 0; v < vectors; v++) {
      float *to = sums + t * CK_GRADIENT_BLOCK + 16 * v;
      _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), total[t][v]));
    }
  }
}
