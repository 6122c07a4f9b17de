// Vectors of 64 bytes; variants without AVX-512 work on them in halves or quarters.
#pragma once
#include <math.h>
#include <stddef.h>
#include "include/ck_macros.h"

typedef float ck_v_f32 __attribute__((vector_size(64), aligned(4)));
typedef double ck_v_f64 __attribute__((vector_size(64), aligned(8)));
enum { CK_LANES_f32 = 16, CK_LANES_f64 = 8 };

// The lanes are added in a fixed order, whatever the instruction set.
#define CK_ADD_LANES(T, S)                                                    \
  CK_INLINE double ck_add_lanes_##S(const ck_v_##S *v) {                      \
    double lanes[CK_LANES_##S];                                               \
    for (int i = 0; i < CK_LANES_##S; i++) lanes[i] = (double)(*v)[i];        \
    for (int width = CK_LANES_##S / 2; width > 0; width /= 2) {               \
      for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];           \
    }                                                                         \
    return lanes[0];                                                          \
  }
CK_ADD_LANES(float, f32)
CK_ADD_LANES(double, f64)

// The largest element, NaN ignored; -infinity for none.
#define CK_LARGEST(T, S)                                                      \
  CK_INLINE T ck_largest_##S(const T *x, ptrdiff_t n) {                       \
    T largest = -INFINITY;                                                    \
    ptrdiff_t i = 0;                                                          \
    if (n >= CK_LANES_##S) {                                                  \
      ck_v_##S v = *(const ck_v_##S *)x;                                      \
      for (i = CK_LANES_##S; i + CK_LANES_##S <= n; i += CK_LANES_##S) {      \
        v = __builtin_elementwise_max(v, *(const ck_v_##S *)(x + i));         \
      }                                                                       \
      for (int lane = 0; lane < CK_LANES_##S; lane++) {                       \
        largest = v[lane] > largest ? v[lane] : largest;                      \
      }                                                                       \
    }                                                                         \
    for (; i < n; i++) largest = x[i] > largest ? x[i] : largest;             \
    return largest;                                                           \
  }
CK_LARGEST(float, f32)
CK_LARGEST(double, f64)
