// Attention of one head: blocks of rows of the score matrix, made and used while they are in the
// cache. The products are small, so operands are copied once into padded rows and columns and
// multiplied by a kernel that keeps a tile of the result in registers.
#include "include/ck_attention.h"
#include <math.h>
#include <string.h>
#include "ck_math.h"
#include "ck_vector.h"

enum { LANES = CK_LANES_f32, TILE_ROWS = 8, BLOCK = 32 };

CK_INLINE ptrdiff_t padded(ptrdiff_t n) { return (n + LANES - 1) / LANES * LANES; }

// A tile of c = (c +) a b, of `rows` rows and `vectors` vectors; both are constants.
CK_INLINE void tile(
    float *c, ptrdiff_t c_row, const float *a, ptrdiff_t a_row, ptrdiff_t a_k, const float *b,
    ptrdiff_t b_row, ptrdiff_t k, int add, const int rows, const int vectors) {
  ck_v_f32 sum[TILE_ROWS][2];
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < vectors; j++) {
      sum[i][j] = add ? *(const ck_v_f32 *)(c + i * c_row + j * LANES) : (ck_v_f32){0};
    }
  }
  for (ptrdiff_t l = 0; l < k; l++) {
    ck_v_f32 row[2];
    for (int j = 0; j < vectors; j++) row[j] = *(const ck_v_f32 *)(b + l * b_row + j * LANES);
    for (int i = 0; i < rows; i++) {
      const float factor = a[i * a_row + l * a_k];
      for (int j = 0; j < vectors; j++) sum[i][j] += factor * row[j];
    }
  }
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < vectors; j++) *(ck_v_f32 *)(c + i * c_row + j * LANES) = sum[i][j];
  }
}

// c = (c +) a b for m rows, n columns (whole vectors) and k products; element (i, l) of a lies at
// i a_row + l a_k.
CK_INLINE void multiply(
    float *c, ptrdiff_t c_row, const float *a, ptrdiff_t a_row, ptrdiff_t a_k, const float *b,
    ptrdiff_t b_row, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int add) {
  for (ptrdiff_t j = 0; j < n; j += 2 * LANES) {
    const int wide = j + LANES < n;
    for (ptrdiff_t i = 0; i < m;) {
      float *target = c + i * c_row + j;
      const float *left = a + i * a_row;
#define CK_TILE(R)                                                                                 \
  if (wide) tile(target, c_row, left, a_row, a_k, b + j, b_row, k, add, R, 2);                     \
  else tile(target, c_row, left, a_row, a_k, b + j, b_row, k, add, R, 1);                          \
  i += R;
      if (m - i >= TILE_ROWS) {
        CK_TILE(TILE_ROWS)
      } else if (m - i >= 4) {
        CK_TILE(4)
      } else {
        CK_TILE(1)
      }
    }
  }
}

// Rows copied and scaled, with zeros up to whole vectors.
CK_INLINE void copy_rows(
    float *out, ck_attention_rows in, ptrdiff_t rows, ptrdiff_t width, float scale) {
  const ptrdiff_t step = padded(width);
  for (ptrdiff_t i = 0; i < rows; i++) {
    const float *row = in.data + i * in.stride;
    CK_VECTOR for (ptrdiff_t j = 0; j < width; j++) out[i * step + j] = row[j] * scale;
    for (ptrdiff_t j = width; j < step; j++) out[i * step + j] = 0;
  }
}

// Rows copied to columns, with zeros up to whole vectors.
CK_INLINE void copy_columns(float *out, ck_attention_rows in, ptrdiff_t rows, ptrdiff_t width) {
  const ptrdiff_t step = padded(rows);
  for (ptrdiff_t j = 0; j < width; j++) {
    for (ptrdiff_t i = rows; i < step; i++) out[j * step + i] = 0;
  }
  // Eight rows at a time fill parts of a cache line together.
  for (ptrdiff_t first = 0; first < rows; first += 16) {
    const ptrdiff_t last = first + 16 < rows ? first + 16 : rows;
    for (ptrdiff_t j = 0; j < width; j++) {
      for (ptrdiff_t i = first; i < last; i++) out[j * step + i] = in.data[i * in.stride + j];
    }
  }
}

CK_INLINE void store_rows(
    ck_attention_rows out, const float *in, ptrdiff_t rows, ptrdiff_t width, float scale) {
  const ptrdiff_t step = padded(width);
  for (ptrdiff_t i = 0; i < rows; i++) {
    float *row = out.data + i * out.stride;
    CK_VECTOR for (ptrdiff_t j = 0; j < width; j++) row[j] = in[i * step + j] * scale;
  }
}

// How many keys the rows before `end` see.
CK_INLINE ptrdiff_t visible(const ck_attention_shape *shape, ptrdiff_t end) {
  return shape->causal && end < shape->keys ? end : shape->keys;
}

ptrdiff_t ck_attention_scratch(const ck_attention_shape *shape, int32_t backward) {
  const ptrdiff_t width = padded(shape->width), value_width = padded(shape->value_width);
  const ptrdiff_t keys = padded(shape->keys);
  const ptrdiff_t scores = BLOCK * keys, rows = BLOCK * (width + value_width);
  const ptrdiff_t both = keys * (width + value_width);
  return backward ? 2 * scores + 2 * rows + 3 * both : scores + rows + both;
}

CK_CLONES void ck_attention(
    const ck_attention_shape *shape, ck_attention_rows out, float *log_sums, ck_attention_rows q,
    ck_attention_rows k, ck_attention_rows v, float *scratch) {
  const ptrdiff_t width = padded(shape->width), value_width = padded(shape->value_width);
  const ptrdiff_t step = padded(shape->keys);
  float *keys = scratch, *values = keys + step * width, *scores = values + step * value_width;
  float *queries = scores + BLOCK * step, *results = queries + BLOCK * width;
  copy_columns(keys, k, shape->keys, shape->width);
  copy_rows(values, v, shape->keys, shape->value_width, 1);
  for (ptrdiff_t first = 0; first < shape->queries; first += BLOCK) {
    const ptrdiff_t left = shape->queries - first, rows = left < BLOCK ? left : BLOCK;
    const ptrdiff_t count = visible(shape, first + rows);
    const ck_attention_rows part = {q.data + first * q.stride, q.stride};
    copy_rows(queries, part, rows, shape->width, shape->scale);
    multiply(scores, step, queries, width, 1, keys, step, rows, padded(count), shape->width, 0);
    for (ptrdiff_t i = 0; i < rows; i++) {
      float *row = scores + i * step;
      const ptrdiff_t n = visible(shape, first + i + 1);
      const float largest = ck_largest_f32(row, n);
      float sum = 0;
      {
        _Pragma("clang fp reassociate(on)") CK_VECTOR for (ptrdiff_t j = 0; j < n; j++) {
          row[j] = ckm_exp_f32(row[j] - largest);
          sum += row[j];
        }
      }
      for (ptrdiff_t j = n; j < count; j++) row[j] = 0;
      log_sums[first + i] = largest + logf(sum);
      queries[i] = 1 / sum;  // the block's queries have been used
    }
    multiply(results, value_width, scores, step, 1, values, value_width, rows, value_width, count, 0);
    for (ptrdiff_t i = 0; i < rows; i++) {
      const ck_attention_rows target = {out.data + (first + i) * out.stride, out.stride};
      store_rows(target, results + i * value_width, 1, shape->value_width, queries[i]);
    }
  }
}

CK_CLONES void ck_attention_backward(
    const ck_attention_shape *shape, ck_attention_rows grad_q, ck_attention_rows grad_k,
    ck_attention_rows grad_v, ck_attention_rows grad, ck_attention_rows out, const float *log_sums,
    ck_attention_rows q, ck_attention_rows k, ck_attention_rows v, float *scratch) {
  const ptrdiff_t width = padded(shape->width), value_width = padded(shape->value_width);
  const ptrdiff_t step = padded(shape->keys);
  float *keys = scratch, *key_columns = keys + step * width;
  float *value_columns = key_columns + step * width;
  float *key_gradients = value_columns + step * value_width;
  float *value_gradients = key_gradients + step * width;
  float *weights = value_gradients + step * value_width, *changes = weights + BLOCK * step;
  float *queries = changes + BLOCK * step, *gradients = queries + BLOCK * width;
  float *query_gradients = gradients + BLOCK * value_width;
  copy_rows(keys, k, shape->keys, shape->width, 1);
  copy_columns(key_columns, k, shape->keys, shape->width);
  copy_columns(value_columns, v, shape->keys, shape->value_width);
  memset(key_gradients, 0, (size_t)(step * (width + value_width)) * sizeof(float));
  for (ptrdiff_t first = 0; first < shape->queries; first += BLOCK) {
    const ptrdiff_t left = shape->queries - first, rows = left < BLOCK ? left : BLOCK;
    const ptrdiff_t count = visible(shape, first + rows);
    const ck_attention_rows part = {q.data + first * q.stride, q.stride};
    const ck_attention_rows arriving = {grad.data + first * grad.stride, grad.stride};
    copy_rows(queries, part, rows, shape->width, shape->scale);
    copy_rows(gradients, arriving, rows, shape->value_width, 1);
    multiply(
        weights, step, queries, width, 1, key_columns, step, rows, padded(count), shape->width, 0);
    multiply(
        changes, step, gradients, value_width, 1, value_columns, step, rows, padded(count),
        shape->value_width, 0);
    for (ptrdiff_t i = 0; i < rows; i++) {
      float *weight = weights + i * step, *change = changes + i * step;
      const float *result = out.data + (first + i) * out.stride;
      const float *gradient = gradients + i * value_width;
      float product = 0;
      {
        _Pragma("clang fp reassociate(on)") for (ptrdiff_t j = 0; j < shape->value_width; j++) {
          product += gradient[j] * result[j];
        }
      }
      const ptrdiff_t n = visible(shape, first + i + 1);
      const float log_sum = log_sums[first + i];
      CK_VECTOR for (ptrdiff_t j = 0; j < n; j++) {
        weight[j] = ckm_exp_f32(weight[j] - log_sum);
        change[j] = weight[j] * (change[j] - product);
      }
      for (ptrdiff_t j = n; j < count; j++) weight[j] = change[j] = 0;
    }
    multiply(
        value_gradients, value_width, weights, 1, step, gradients, value_width, count, value_width,
        rows, 1);
    multiply(query_gradients, width, changes, step, 1, keys, width, rows, width, count, 0);
    multiply(key_gradients, width, changes, 1, step, queries, width, count, width, rows, 1);
    const ck_attention_rows target = {grad_q.data + first * grad_q.stride, grad_q.stride};
    store_rows(target, query_gradients, rows, shape->width, shape->scale);
  }
  store_rows(grad_k, key_gradients, shape->keys, shape->width, 1);
  store_rows(grad_v, value_gradients, shape->keys, shape->value_width, 1);
}
