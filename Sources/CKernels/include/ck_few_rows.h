// Products of few rows with a matrix, as linear layers with small batches compute them.
#pragma once
#include <stddef.h>

enum { CK_FEW_ROWS = 64 };

/// The matrix of a product: depth × columns, its rows or (if `transposed`) its columns `stride` elements apart
/// and without gaps inside.
typedef struct {
  const float *elements;
  ptrdiff_t stride, columns, depth;
  int transposed;
} ck_few_rows_matrix;

/// sums[j, r] = Σ_k rows[k, r] · matrix[k, j], added to what is there if `adds`, for 16 · `vectors` rows, at
/// most CK_FEW_ROWS. The matrix is read once. Needs ck_wide_available().
void ck_few_rows_f32(
    float *sums, const float *rows, ptrdiff_t vectors, const ck_few_rows_matrix *matrix, int adds);
