// Conversions between all pairs of element types; the same type is a strided copy.
#include <string.h>
#include "ck_types.h"
#include "include/ck_elementwise.h"

typedef uint16_t ck_bf16;

CK_INLINE float ck_from_bf16(ck_bf16 value) {
  const uint32_t bits = (uint32_t)value << 16;
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

// Rounds to nearest, ties to even; NaN stays NaN.
CK_INLINE ck_bf16 ck_to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if (value != value) return (ck_bf16)((bits >> 16) | 0x40);
  return (ck_bf16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

#define CK_CONVERT_BODY(FROM, F, TO, T, EXPRESSION)                                             \
  static void ck_convert_##F##_##T(                                                             \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n, const void *p) {       \
    (void)p;                                                                                    \
    TO *y = out;                                                                                \
    const FROM *u = a;                                                                          \
    if (so == 1 && sa == 1) {                                                                   \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const FROM x = u[i]; y[i] = EXPRESSION; }   \
    } else {                                                                                    \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) { const FROM x = u[i * sa]; y[i * so] = EXPRESSION; } \
    }                                                                                           \
  }

// Out-of-range floats to integers are undefined in C and unspecified in PyTorch; going through int64
// makes the narrow types agree with it for the values that fit in 64 bits.
#define CK_CONVERT_FROM(FROM, F, VALUE)                          \
  CK_CONVERT_BODY(FROM, F, bool, b, ((VALUE) != 0))              \
  CK_CONVERT_BODY(FROM, F, uint8_t, u8, (uint8_t)(int64_t)(VALUE))  \
  CK_CONVERT_BODY(FROM, F, int32_t, i32, (int32_t)(int64_t)(VALUE)) \
  CK_CONVERT_BODY(FROM, F, int64_t, i64, (int64_t)(VALUE))       \
  CK_CONVERT_BODY(FROM, F, _Float16, f16, (_Float16)(float)(VALUE)) \
  CK_CONVERT_BODY(FROM, F, ck_bf16, bf16, ck_to_bf16((float)(VALUE))) \
  CK_CONVERT_BODY(FROM, F, float, f32, (float)(VALUE))           \
  CK_CONVERT_BODY(FROM, F, double, f64, (double)(VALUE))         \
  CK_CONVERT_BODY(FROM, F, ck_c64, c64, (ck_c64)(VALUE))         \
  CK_CONVERT_BODY(FROM, F, ck_c128, c128, (ck_c128)(VALUE))

CK_CONVERT_FROM(bool, b, x)
CK_CONVERT_FROM(uint8_t, u8, x)
CK_CONVERT_FROM(int32_t, i32, x)
CK_CONVERT_FROM(int64_t, i64, x)
CK_CONVERT_FROM(_Float16, f16, (float)x)
CK_CONVERT_FROM(ck_bf16, bf16, ck_from_bf16(x))
CK_CONVERT_FROM(float, f32, x)
CK_CONVERT_FROM(double, f64, x)
CK_CONVERT_FROM(ck_c64, c64, x)
CK_CONVERT_FROM(ck_c128, c128, x)

#define CK_CONVERT_ROW(F)                                                                       \
  {                                                                                             \
    [CK_BOOL] = ck_convert_##F##_b, [CK_UINT8] = ck_convert_##F##_u8,                           \
    [CK_INT32] = ck_convert_##F##_i32, [CK_INT64] = ck_convert_##F##_i64,                       \
    [CK_FLOAT16] = ck_convert_##F##_f16, [CK_BFLOAT16] = ck_convert_##F##_bf16,                 \
    [CK_FLOAT32] = ck_convert_##F##_f32, [CK_FLOAT64] = ck_convert_##F##_f64,                   \
    [CK_COMPLEX64] = ck_convert_##F##_c64, [CK_COMPLEX128] = ck_convert_##F##_c128,             \
  }

// Equal types never convert: the half-precision ones would lose NaN payloads.
#define CK_COPY(T, SIZE)                                                                        \
  CK_CLONES static void ck_copy_##SIZE(                                                                   \
      void *out, ptrdiff_t so, const void *a, ptrdiff_t sa, ptrdiff_t n, const void *p) {       \
    (void)p;                                                                                    \
    T *y = out;                                                                                 \
    const T *u = a;                                                                             \
    if (so == 1 && sa == 1) { memmove(y, u, (size_t)n * sizeof(T)); return; }                   \
    if (so == 1 && sa == 0 && n > 0) {                                                          \
      const T x = *u;                                                                           \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) y[i] = x;                                     \
      return;                                                                                   \
    }                                                                                           \
    CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) y[i * so] = u[i * sa];                          \
  }
CK_COPY(uint8_t, 1)
CK_COPY(uint16_t, 2)
CK_COPY(uint32_t, 4)
CK_COPY(uint64_t, 8)
CK_COPY(ck_c128, 16)

ck_unary_loop *ck_convert(uint8_t from, uint8_t to) {
  static ck_unary_loop *const table[CK_DTYPE_COUNT][CK_DTYPE_COUNT] = {
    [CK_BOOL] = CK_CONVERT_ROW(b), [CK_UINT8] = CK_CONVERT_ROW(u8),
    [CK_INT32] = CK_CONVERT_ROW(i32), [CK_INT64] = CK_CONVERT_ROW(i64),
    [CK_FLOAT16] = CK_CONVERT_ROW(f16), [CK_BFLOAT16] = CK_CONVERT_ROW(bf16),
    [CK_FLOAT32] = CK_CONVERT_ROW(f32), [CK_FLOAT64] = CK_CONVERT_ROW(f64),
    [CK_COMPLEX64] = CK_CONVERT_ROW(c64), [CK_COMPLEX128] = CK_CONVERT_ROW(c128),
  };
  static ck_unary_loop *const same[CK_DTYPE_COUNT] = {
    [CK_BOOL] = ck_copy_1, [CK_UINT8] = ck_copy_1, [CK_INT32] = ck_copy_4, [CK_INT64] = ck_copy_8,
    [CK_FLOAT16] = ck_copy_2, [CK_BFLOAT16] = ck_copy_2, [CK_FLOAT32] = ck_copy_4,
    [CK_FLOAT64] = ck_copy_8, [CK_COMPLEX64] = ck_copy_8, [CK_COMPLEX128] = ck_copy_16,
  };
  return from == to ? same[from] : table[from][to];
}
