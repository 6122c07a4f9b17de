#include "include/ck_low_rank.h"

#include <math.h>
#include <string.h>

#include "ck_macros.h"

// All hosts compute these from the same sums and must find the same bits: additions keep their order and
// nothing is contracted, whatever vectors a processor has.
#pragma clang fp contract(off)

enum { lanes = 16 };

static float dot(const float *a, const float *b, int64_t n) {
  float sums[lanes] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int lane = 0; lane < lanes; lane++) sums[lane] += a[i + lane] * b[i + lane];
  for (int lane = 0; lane < lanes; lane++) sum += sums[lane];
  for (; i < n; i++) sum += a[i] * b[i];
  return sum;
}

void ck_low_rank_project(
    float *p, const float *m, const float *q, int64_t rows, int64_t columns, int64_t rank) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < rank; k++)
      p[k * rows + i] = dot(m + i * columns, q + k * columns, columns);
}

// Adds values[i, k] * p[k, i], each a vector, up to sums[i, k]; the strides say over which of i and k.
CK_INLINE void accumulate(
    float *sums, int64_t sum_row, int64_t sum_vector, const float *values, int64_t value_row,
    int64_t value_vector, const float *p, int64_t rows, int64_t columns, int64_t rank) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < rank; k++) {
      const float factor = p[k * rows + i];
      const float *value = values + i * value_row + k * value_vector;
      float *sum = sums + i * sum_row + k * sum_vector;
      for (int64_t j = 0; j < columns; j++) sum[j] += value[j] * factor;
    }
}

CK_CLONES
void ck_low_rank_project_transposed(
    float *q, const float *m, const float *p, int64_t rows, int64_t columns, int64_t rank) {
  memset(q, 0, (size_t)(rank * columns) * sizeof *q);
  accumulate(q, 0, columns, m, columns, 0, p, rows, columns, rank);
}

CK_CLONES
void ck_low_rank_expand(
    float *m, const float *p, const float *q, int64_t rows, int64_t columns, int64_t rank) {
  memset(m, 0, (size_t)(rows * columns) * sizeof *m);
  accumulate(m, columns, 0, q, 0, columns, p, rows, columns, rank);
}

static double dot64(const float *a, const float *b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
  return sum;
}

void ck_low_rank_orthonormalize(float *vectors, int64_t n, int64_t rank) {
  for (int64_t k = 0; k < rank; k++) {
    float *vector = vectors + k * n;
    double before = sqrt(dot64(vector, vector, n));
    for (int64_t other = 0; other < k; other++) {
      double part = dot64(vectors + other * n, vector, n);
      for (int64_t i = 0; i < n; i++) vector[i] = (float)(vector[i] - part * vectors[other * n + i]);
    }
    double norm = sqrt(dot64(vector, vector, n));
    // Of a dependent vector only rounding errors are left.
    double scale = norm > before * 1e-5 ? 1 / norm : norm == norm ? 0 : norm;
    for (int64_t i = 0; i < n; i++) vector[i] = (float)(vector[i] * scale);
  }
}
