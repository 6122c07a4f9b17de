// Floats in fewer bytes, for the way between hosts.
#pragma once
#include <stdint.h>

/// Rounds to bfloat16, ties to even; no number stays no number.
void ck_encode_bf16(uint16_t *out, const float *in, int64_t n);
/// The floats that bfloat16 stands for.
void ck_decode_bf16(float *out, const uint16_t *in, int64_t n);

/// Rounds to float16, ties to even; finite numbers beyond its range become its largest.
void ck_encode_fp16(uint16_t *out, const float *in, int64_t n);
/// The floats that float16 stands for.
void ck_decode_fp16(float *out, const uint16_t *in, int64_t n);

/// The values that share a scale in 8-bit codes.
enum { CK_INT8_BLOCK = 256 };
/// Rounds to whole multiples, -127...127, of one scale for each CK_INT8_BLOCK values; scales[i] is the
/// largest magnitude of block i over 127, and no number if the block holds a value that is not finite.
void ck_encode_int8(int8_t *out, float *scales, const float *in, int64_t n);
/// The floats that 8-bit codes stand for.
void ck_decode_int8(float *out, const int8_t *in, const float *scales, int64_t n);

/// Finds the k values (k <= n) of the largest magnitude, the first ones among equals: their places, ascending.
/// What is no number counts as the largest.
void ck_top_k_f32(uint32_t *places, const float *in, int64_t n, int64_t k);
