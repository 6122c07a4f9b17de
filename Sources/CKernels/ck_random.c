#include "include/ck_random.h"
#include <math.h>
#include "ck_math.h"
#include "ck_types.h"

// Blocks are made 16 at a time, so that the rounds run in vectors; 64 words are one tile.
enum { CK_TILE_BLOCKS = 16, CK_TILE = 4 * CK_TILE_BLOCKS };

// Words of the tile in element order.
CK_INLINE void ck_philox_tile(uint32_t *out, uint64_t seed, uint64_t stream, uint64_t tile) {
  uint32_t c0[CK_TILE_BLOCKS], c1[CK_TILE_BLOCKS], c2[CK_TILE_BLOCKS], c3[CK_TILE_BLOCKS];
  for (int i = 0; i < CK_TILE_BLOCKS; i++) {
    const uint64_t block = tile * CK_TILE_BLOCKS + (uint64_t)i;
    c0[i] = (uint32_t)block;
    c1[i] = (uint32_t)(block >> 32);
    c2[i] = (uint32_t)stream;
    c3[i] = (uint32_t)(stream >> 32);
  }
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    CK_VECTOR for (int i = 0; i < CK_TILE_BLOCKS; i++) {
      const uint64_t a = (uint64_t)c0[i] * 0xD2511F53u, b = (uint64_t)c2[i] * 0xCD9E8D57u;
      c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0;
      c1[i] = (uint32_t)b;
      c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1;
      c3[i] = (uint32_t)a;
    }
  }
  for (int i = 0; i < CK_TILE_BLOCKS; i++) {
    out[4 * i] = c0[i];
    out[4 * i + 1] = c1[i];
    out[4 * i + 2] = c2[i];
    out[4 * i + 3] = c3[i];
  }
}

void ck_philox_block(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]) {
  const uint64_t block = counter[0] | (uint64_t)counter[1] << 32;
  const uint64_t stream = counter[2] | (uint64_t)counter[3] << 32;
  uint32_t words[CK_TILE];
  ck_philox_tile(words, key[0] | (uint64_t)key[1] << 32, stream, block / CK_TILE_BLOCKS);
  for (int i = 0; i < 4; i++) out[i] = words[4 * (block % CK_TILE_BLOCKS) + (uint64_t)i];
}

// Walks over the tiles that hold elements first …< first + count. The statement turns `words` into `values`, a
// whole tile; a partial tile is copied through `values`.
#define CK_TILES(T, ...)                                                                      \
  uint32_t words[CK_TILE];                                                                    \
  T buffer[CK_TILE];                                                                          \
  while (count > 0) {                                                                         \
    const ptrdiff_t skip = (ptrdiff_t)(first % CK_TILE);                                      \
    const ptrdiff_t n = count < CK_TILE - skip ? count : CK_TILE - skip;                      \
    T *values = n == CK_TILE ? out : buffer;                                                  \
    ck_philox_tile(words, seed, stream, first / CK_TILE);                                     \
    __VA_ARGS__                                                                                   \
    if (n != CK_TILE) for (ptrdiff_t i = 0; i < n; i++) out[i] = buffer[skip + i];            \
    out += n, first += (uint64_t)n, count -= n;                                               \
  }

CK_CLONES void ck_random_words(
    uint32_t *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count) {
  CK_TILES(uint32_t, for (int i = 0; i < CK_TILE; i++) values[i] = words[i];)
}

CK_CLONES void ck_random_uniform_f32(
    float *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, float low,
    float high) {
  const float scale = (high - low) * 0x1p-24f;
  CK_TILES(float, CK_VECTOR for (int i = 0; i < CK_TILE; i++) {
    values[i] = low + (float)(int32_t)(words[i] >> 8) * scale;
  })
}

CK_CLONES void ck_random_uniform_f64(
    double *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, double low,
    double high) {
  const double scale = (high - low) * 0x1p-32;
  CK_TILES(double, CK_VECTOR for (int i = 0; i < CK_TILE; i++) {
    values[i] = low + (double)words[i] * scale;
  })
}

// Sine and cosine of 2 pi u for u in [0, 1): the quarter turn nearest to u leaves an angle within
// 45 degrees, for which short polynomials are exact to float32.
CK_INLINE void ck_turn_f32(float u, float *cosine, float *sine) {
  const float quarter = (float)(int32_t)(u * 4 + 0.5f);
  const float x = (u - quarter * 0.25f) * 6.28318531f, s = x * x;
  const float a = x + x * s * (-1.6666654611e-1f + s * (8.3321608736e-3f + s * -1.9515295891e-4f));
  const float b = 1 - 0.5f * s
    + s * s * (4.166664568298827e-2f + s * (-1.388731625493765e-3f + s * 2.443315711809948e-5f));
  const int q = (int)quarter & 3;
  const float c = q & 1 ? a : b, d = q & 1 ? b : a;
  *cosine = q == 1 || q == 2 ? -c : c;
  *sine = q >= 2 ? -d : d;
}

CK_CLONES void ck_random_normal_f32(
    float *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, float mean,
    float deviation) {
  CK_TILES(float, CK_VECTOR for (int i = 0; i < CK_TILE / 2; i++) {
    // In (0, 1], so that the logarithm is finite.
    const float u = (float)(int32_t)((words[2 * i] >> 8) + 1) * 0x1p-24f;
    const float radius = deviation * ckm_sqrt_f32(-2 * ckm_log_f32(u));
    float cosine, sine;
    ck_turn_f32((float)(int32_t)(words[2 * i + 1] >> 8) * 0x1p-24f, &cosine, &sine);
    values[2 * i] = mean + radius * cosine;
    values[2 * i + 1] = mean + radius * sine;
  })
}

CK_CLONES void ck_random_normal_f64(
    double *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, double mean,
    double deviation) {
  CK_TILES(double, for (int i = 0; i < CK_TILE / 2; i++) {
    const double u = ((double)words[2 * i] + 1) * 0x1p-32;
    const double radius = deviation * sqrt(-2 * log(u));
    const double angle = 6.283185307179586 * ((double)words[2 * i + 1] * 0x1p-32);
    values[2 * i] = mean + radius * cos(angle);
    values[2 * i + 1] = mean + radius * sin(angle);
  })
}

CK_CLONES void ck_random_bernoulli(
    uint8_t *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count,
    double probability) {
  const uint64_t threshold = probability <= 0 ? 0 : (uint64_t)(fmin(probability, 1) * 0x1p32);
  CK_TILES(uint8_t, CK_VECTOR for (int i = 0; i < CK_TILE; i++) {
    values[i] = words[i] < threshold;
  })
}
