#include "include/ck_adasum.h"
#include "include/ck_macros.h"

// A fused multiply-add rounds once where the baseline rounds twice.
#pragma clang fp contract(off)

// Eight running sums of each product, added along a fixed tree.
#define DEFINE_INNER_PRODUCTS(T, SUFFIX)                                                           \
  CK_CLONES void ck_inner_products_##SUFFIX(const T *a, const T *b, int64_t begin, int64_t end,    \
                                            double products[3]) {                                  \
    double ab[8] = {0}, aa[8] = {0}, bb[8] = {0};                                                  \
    int64_t i = begin;                                                                             \
    for (; i + 8 <= end; i += 8)                                                                   \
      for (int lane = 0; lane < 8; lane++) {                                                       \
        const double x = (double)a[i + lane], y = (double)b[i + lane];                             \
        ab[lane] += x * y;                                                                         \
        aa[lane] += x * x;                                                                         \
        bb[lane] += y * y;                                                                         \
      }                                                                                            \
    for (int lane = 0; i < end; i++, lane++) {                                                     \
      const double x = (double)a[i], y = (double)b[i];                                             \
      ab[lane] += x * y;                                                                           \
      aa[lane] += x * x;                                                                           \
      bb[lane] += y * y;                                                                           \
    }                                                                                              \
    for (int width = 4; width > 0; width /= 2)                                                     \
      for (int lane = 0; lane < width; lane++) {                                                   \
        ab[lane] += ab[lane + width];                                                              \
        aa[lane] += aa[lane + width];                                                              \
        bb[lane] += bb[lane + width];                                                              \
      }                                                                                            \
    products[0] = ab[0];                                                                           \
    products[1] = aa[0];                                                                           \
    products[2] = bb[0];                                                                           \
  }

#define DEFINE_WEIGHTED_SUM(T, SUFFIX)                                                             \
  CK_CLONES void ck_weighted_sum_##SUFFIX(T *out, const T *a, const T *b, double scale_a,          \
                                          double scale_b, int64_t begin, int64_t end) {            \
    CK_VECTOR                                                                                      \
    for (int64_t i = begin; i < end; i++)                                                          \
      out[i] = (T)(scale_a * (double)a[i] + scale_b * (double)b[i]);                               \
  }

DEFINE_INNER_PRODUCTS(float, f32)
DEFINE_INNER_PRODUCTS(double, f64)
DEFINE_WEIGHTED_SUM(float, f32)
DEFINE_WEIGHTED_SUM(double, f64)
