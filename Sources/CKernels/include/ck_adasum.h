// What adaptive summation of two gradients takes: their inner products, and their weighted sum.
#pragma once
#include <stdint.h>

/// The inner products of two vectors over [begin, end), in double precision: of both, of `a` with itself, of `b`
/// with itself. The order of additions is the same at every vector width.
void ck_inner_products_f32(const float *a, const float *b, int64_t begin, int64_t end,
                           double products[3]);
void ck_inner_products_f64(const double *a, const double *b, int64_t begin, int64_t end,
                           double products[3]);

/// out[i] = scale_a * a[i] + scale_b * b[i] over [begin, end), in double precision; `out` may be one of the operands.
void ck_weighted_sum_f32(float *out, const float *a, const float *b, double scale_a, double scale_b,
                         int64_t begin, int64_t end);
void ck_weighted_sum_f64(double *out, const double *a, const double *b, double scale_a, double scale_b,
                         int64_t begin, int64_t end);
