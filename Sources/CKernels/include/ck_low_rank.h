// Products of a matrix with a few vectors, for its approximation by a product of two thin ones.
#pragma once
#include <stdint.h>

/// p[k * rows + i] = sum over j of m[i * columns + j] * q[k * columns + j], for k < rank.
void ck_low_rank_project(
    float *p, const float *m, const float *q, int64_t rows, int64_t columns, int64_t rank);
/// q[k * columns + j] = sum over i of m[i * columns + j] * p[k * rows + i], for k < rank.
void ck_low_rank_project_transposed(
    float *q, const float *m, const float *p, int64_t rows, int64_t columns, int64_t rank);
/// m[i * columns + j] = sum over k < rank of p[k * rows + i] * q[k * columns + j].
void ck_low_rank_expand(
    float *m, const float *p, const float *q, int64_t rows, int64_t columns, int64_t rank);
/// Makes `rank` vectors of `n` elements orthonormal, first to last (modified Gram-Schmidt in float64); a
/// vector that depends on those before it becomes 0.
void ck_low_rank_orthonormalize(float *vectors, int64_t n, int64_t rank);
