// Scaled dot-product attention of one head, with the scores kept in the cache.
#pragma once
#include <stddef.h>
#include <stdint.h>

// `queries` rows of q and `keys` rows of k have `width` elements, the rows of v `value_width`. With
// `causal` query i sees the keys up to i.
typedef struct {
  ptrdiff_t queries, keys, width, value_width;
  float scale;
  int32_t causal;
} ck_attention_shape;

// Rows without gaps between their elements, `stride` elements from one to the next.
typedef struct {
  float *data;
  ptrdiff_t stride;
} ck_attention_rows;

// How many floats of scratch memory, aligned to 64 bytes, a call needs.
ptrdiff_t ck_attention_scratch(const ck_attention_shape *shape, int32_t backward);

// out = softmax(scale q kᵀ) v, and the logarithm of each row's sum of exponentials.
void ck_attention(
    const ck_attention_shape *shape, ck_attention_rows out, float *log_sums, ck_attention_rows q,
    ck_attention_rows k, ck_attention_rows v, float *scratch);

// The gradients of q, k and v. The scores are computed again.
void ck_attention_backward(
    const ck_attention_shape *shape, ck_attention_rows grad_q, ck_attention_rows grad_k,
    ck_attention_rows grad_v, ck_attention_rows grad, ck_attention_rows out, const float *log_sums,
    ck_attention_rows q, ck_attention_rows k, ck_attention_rows v, float *scratch);
