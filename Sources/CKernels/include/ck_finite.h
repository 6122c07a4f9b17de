// Whether numbers are numbers.
#pragma once
#include <stdint.h>

/// Whether none of `count` values is infinite or not a number; 16 bytes a cycle and more.
int ck_all_finite_f32(const float *values, int64_t count);
int ck_all_finite_f64(const double *values, int64_t count);
