#include "include/ck_sum.h"
#include "ck_macros.h"

CK_CLONES
void ck_sum_f32(float *out, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

CK_CLONES
void ck_sum_f64(double *out, const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}
