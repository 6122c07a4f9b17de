#include "include/ck_compress.h"

#include <math.h>
#include <string.h>

#include "ck_macros.h"

// The codes must be the same on all hosts: nothing here depends on the width of vectors.
#pragma clang fp contract(off)

CK_CLONES
void ck_encode_bf16(uint16_t *out, const float *in, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, in + i, 4);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    // Adding could carry no number into infinity or zero.
    out[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16 | 0x40) : rounded);
  }
}

CK_CLONES
void ck_decode_bf16(float *out, const uint16_t *in, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits = (uint32_t)in[i] << 16;
    memcpy(out + i, &bits, 4);
  }
}

static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

CK_CLONES
void ck_encode_fp16(uint16_t *out, const float *in, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits = bits_of(in[i]), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    // Below 2^-14: adding 0.5 puts the last bit of a subnormal, 2^-24, where a float's last bit is.
    uint32_t small = bits_of(float_of(magnitude) + 0.5f) - 0x3f000000;
    uint32_t normal = (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13;
    uint32_t code = magnitude < 0x38800000 ? small : normal;
    code = code > 0x7bff ? 0x7bff : code;
    if (magnitude >= 0x7f800000) code = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    out[i] = (uint16_t)(sign | code);
  }
}

CK_CLONES
void ck_decode_fp16(float *out, const uint16_t *in, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t sign = (uint32_t)(in[i] & 0x8000) << 16, code = in[i] & 0x7fff;
    uint32_t normal = (code << 13) + 0x38000000;
    uint32_t small = bits_of((float)code * 0x1p-24f);
    uint32_t special = (code << 13) | 0x7f800000;
    uint32_t bits = code < 0x400 ? small : code >= 0x7c00 ? special : normal;
    out[i] = float_of(sign | bits);
  }
}

static float block_scale(const float *in, int64_t n) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < n; i++) {
    uint32_t magnitude = bits_of(in[i]) & 0x7fffffff;
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest >= 0x7f800000 ? NAN : float_of(largest) / 127;
}

void ck_encode_int8(int8_t *out, float *scales, const float *in, int64_t n) {
  for (int64_t begin = 0; begin < n; begin += CK_INT8_BLOCK) {
    int64_t count = n - begin < CK_INT8_BLOCK ? n - begin : CK_INT8_BLOCK;
    float scale = block_scale(in + begin, count);
    scales[begin / CK_INT8_BLOCK] = scale;
    // The scale of tiny values may be 0 or round so that a quotient passes 127.
    for (int64_t i = 0; i < count; i++) {
      float value = scale > 0 ? rintf(in[begin + i] / scale) : 0;
      out[begin + i] = (int8_t)(value > 127 ? 127 : value < -127 ? -127 : value);
    }
  }
}

CK_CLONES
void ck_decode_int8(float *out, const int8_t *in, const float *scales, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = (float)in[i] * scales[i / CK_INT8_BLOCK];
}

// The k-th largest magnitude as bits: its upper and lower halves are found one after the other in a
// histogram. `*above` is the number of magnitudes beyond it.
static uint32_t threshold(const float *in, int64_t n, int64_t k, int64_t *above) {
  static _Thread_local uint32_t counts[1 << 16];
  uint32_t prefix = 0;
  *above = 0;
  for (int half = 1; half >= 0; half--) {
    memset(counts, 0, sizeof counts);
    for (int64_t i = 0; i < n; i++) {
      uint32_t magnitude = bits_of(in[i]) & 0x7fffffff;
      if (half == 1) counts[magnitude >> 16]++;
      else if (magnitude >> 16 == prefix) counts[magnitude & 0xffff]++;
    }
    uint32_t digit = 0xffff;
    while (digit > 0 && *above + counts[digit] < k) *above += counts[digit--];
    prefix = half == 1 ? digit : prefix << 16 | digit;
  }
  return prefix;
}

void ck_top_k_f32(uint32_t *places, const float *in, int64_t n, int64_t k) {
  if (k <= 0) return;
  int64_t above, found = 0;
  uint32_t limit = threshold(in, n, k, &above);
  int64_t equals = k - above;
  for (int64_t i = 0; i < n && found < k; i++) {
    uint32_t magnitude = bits_of(in[i]) & 0x7fffffff;
    if (magnitude > limit || (magnitude == limit && equals-- > 0)) places[found++] = (uint32_t)i;
  }
}
