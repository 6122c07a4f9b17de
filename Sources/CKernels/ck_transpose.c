// Blocks of a transposed matrix, packed row by row.
#include <stdint.h>
#include "ck_types.h"
#include "include/ck_elementwise.h"

typedef uint32_t ck_v_u32 __attribute__((vector_size(64), aligned(4)));
typedef uint64_t ck_v_u64 __attribute__((vector_size(64), aligned(8)));

// Swaps the lanes of two rows K apart whose numbers differ in bit K; done for every bit, rows and lanes
// are exchanged. I(n) is the lane that place n of the lower row takes, J(n) that of the upper one.
#define CK_LOW(N, K, W) ((N) & (K) ? (N) - (K) + (W) : (N))
#define CK_HIGH(N, K, W) ((N) & (K) ? (N) + (W) : (N) + (K))
#define CK_8(F, N, K, W)                                                                     \
  F(N, K, W), F(N + 1, K, W), F(N + 2, K, W), F(N + 3, K, W), F(N + 4, K, W), F(N + 5, K, W), \
    F(N + 6, K, W), F(N + 7, K, W)
#define CK_16(F, N, K, W) CK_8(F, N, K, W), CK_8(F, N + 8, K, W)
#define CK_EXCHANGE(V, W, LIST, K)                                                  \
  for (int i = 0; i < W; i++) {                                                     \
    if (i & K) continue;                                                            \
    const V low = row[i], high = row[i + K];                                        \
    row[i] = __builtin_shufflevector(low, high, LIST(CK_LOW, 0, K, W));             \
    row[i + K] = __builtin_shufflevector(low, high, LIST(CK_HIGH, 0, K, W));        \
  }

CK_INLINE void ck_block_u32(uint32_t *out, ptrdiff_t width, const uint32_t *a, ptrdiff_t stride) {
  ck_v_u32 row[16];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++) row[i] = *(const ck_v_u32 *)(a + i * stride);
  _Pragma("clang loop unroll(full)") CK_EXCHANGE(ck_v_u32, 16, CK_16, 1)
  _Pragma("clang loop unroll(full)") CK_EXCHANGE(ck_v_u32, 16, CK_16, 2)
  _Pragma("clang loop unroll(full)") CK_EXCHANGE(ck_v_u32, 16, CK_16, 4)
  _Pragma("clang loop unroll(full)") CK_EXCHANGE(ck_v_u32, 16, CK_16, 8)
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++) *(ck_v_u32 *)(out + i * width) = row[i];
}

CK_INLINE void ck_block_u64(uint64_t *out, ptrdiff_t width, const uint64_t *a, ptrdiff_t stride) {
  ck_v_u64 row[8];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) row[i] = *(const ck_v_u64 *)(a + i * stride);
  _Pragma("clang loop unroll(full)") CK_EXCHANGE(ck_v_u64, 8, CK_8, 1)
  _Pragma("clang loop unroll(full)") CK_EXCHANGE(ck_v_u64, 8, CK_8, 2)
  _Pragma("clang loop unroll(full)") CK_EXCHANGE(ck_v_u64, 8, CK_8, 4)
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) *(ck_v_u64 *)(out + i * width) = row[i];
}

#define CK_PACK_EDGE(T)                                                                   \
  for (ptrdiff_t r = 0; r < rows; r++) {                                                  \
    const ptrdiff_t from = r < done_rows ? done_columns : 0;                              \
    for (ptrdiff_t c = from; c < columns; c++) z[r * width + c] = u[c * stride + r];      \
  }

#define CK_PACK_BLOCKS(T, S, B)                                                           \
  CK_CLONES static void ck_pack_##S(                                                      \
      void *out, ptrdiff_t width, const void *a, ptrdiff_t stride, ptrdiff_t rows,        \
      ptrdiff_t columns) {                                                                \
    T *z = out;                                                                           \
    const T *u = a;                                                                       \
    const ptrdiff_t done_rows = rows - rows % B, done_columns = columns - columns % B;    \
    for (ptrdiff_t r = 0; r < done_rows; r += B) {                                        \
      for (ptrdiff_t c = 0; c < done_columns; c += B) {                                   \
        ck_block_##S(z + r * width + c, width, u + c * stride + r, stride);               \
      }                                                                                   \
    }                                                                                     \
    CK_PACK_EDGE(T)                                                                       \
  }
#define CK_PACK(T, S)                                                                     \
  static void ck_pack_##S(                                                                \
      void *out, ptrdiff_t width, const void *a, ptrdiff_t stride, ptrdiff_t rows,        \
      ptrdiff_t columns) {                                                                \
    T *z = out;                                                                           \
    const T *u = a;                                                                       \
    const ptrdiff_t done_rows = 0, done_columns = 0;                                      \
    CK_PACK_EDGE(T)                                                                       \
  }
CK_PACK(uint8_t, u8)
CK_PACK(uint16_t, u16)
CK_PACK_BLOCKS(uint32_t, u32, 16)
CK_PACK_BLOCKS(uint64_t, u64, 8)
CK_PACK(ck_c128, c128)

void ck_pack_transposed(
    void *out, ptrdiff_t width, const void *a, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns,
    size_t element_size) {
  switch (element_size) {
    case 1: return ck_pack_u8(out, width, a, stride, rows, columns);
    case 2: return ck_pack_u16(out, width, a, stride, rows, columns);
    case 4: return ck_pack_u32(out, width, a, stride, rows, columns);
    case 8: return ck_pack_u64(out, width, a, stride, rows, columns);
    default: return ck_pack_c128(out, width, a, stride, rows, columns);
  }
}
