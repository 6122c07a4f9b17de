#include "include/ck_finite.h"

#include <string.h>

#include "include/ck_macros.h"

// Exponents of all ones belong to infinities and to what is no number: the largest magnitude tells.
#define CK_ALL_FINITE(T, S, B, MAGNITUDE, LIMIT)                                                   \
  CK_CLONES int ck_all_finite_##S(const T *values, int64_t count) {                                \
    B largest = 0;                                                                                 \
    for (int64_t i = 0; i < count; i++) {                                                          \
      B bits;                                                                                      \
      memcpy(&bits, values + i, sizeof bits);                                                      \
      bits &= MAGNITUDE;                                                                           \
      largest = bits > largest ? bits : largest;                                                   \
    }                                                                                              \
    return largest < LIMIT;                                                                        \
  }
CK_ALL_FINITE(float, f32, uint32_t, 0x7fffffffu, 0x7f800000u)
CK_ALL_FINITE(double, f64, uint64_t, 0x7fffffffffffffffu, 0x7ff0000000000000u)
