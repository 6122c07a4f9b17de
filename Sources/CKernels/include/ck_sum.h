// Sums of gradients, element by element.
#pragma once
#include <stddef.h>

/// out[i] = a[i] + b[i]; `out` may be one of the operands.
void ck_sum_f32(float *out, const float *a, const float *b, size_t n);
void ck_sum_f64(double *out, const double *a, const double *b, size_t n);
