// Arithmetic of three operands.
#include "ck_complex.h"
#include "ck_loops.h"
#pragma STDC CX_LIMITED_RANGE ON

// From the nearer end, so that the weights 0 and 1 give the ends exactly.
CK_EACH_FLOAT(CK_TERNARY, lerp, ((w < 0 ? -w : w) < 0.5f ? x + w * (y - x) : y - (y - x) * (1 - w)))
CK_EACH_COMPLEX(CK_TERNARY, lerp,
  (__real__ w * __real__ w + __imag__ w * __imag__ w < 0.25f ? x + w * (y - x) : y - (y - x) * (1 - w)))
CK_EACH_INTEGER(CK_WRAPPING_TERNARY, addcmul, (uint64_t)x + (uint64_t)s * (uint64_t)y * (uint64_t)w)
CK_EACH_INEXACT(CK_TERNARY, addcmul, x + s * y * w)
CK_EACH_FLOAT(CK_TERNARY, addcdiv, x + s * (y / w))
CK_TERNARY(ck_c64, c64, addcdiv, x + s * ckm_div_c64(y, w))
CK_TERNARY(ck_c128, c128, addcdiv, x + s * ckm_div_c128(y, w))
CK_EACH_INTEGER(CK_TERNARY, clamp_tensor, ((x > y ? x : y) < w ? (x > y ? x : y) : w))
CK_EACH_FLOAT(CK_TERNARY, clamp_tensor,
  (x != x ? x : y != y ? y : w != w ? w : (x > y ? x : y) < w ? (x > y ? x : y) : w))

ck_ternary_loop *ck_ternary(ck_ternary_op op, uint8_t dtype) {
  static ck_ternary_loop *const table[CK_TERNARY_COUNT][CK_DTYPE_COUNT] = {
    [CK_LERP] = {CK_TABLE_INEXACT(ck_lerp)},
    [CK_ADDCMUL] = {CK_TABLE_NUMBER(ck_addcmul)},
    [CK_ADDCDIV] = {CK_TABLE_INEXACT(ck_addcdiv)},
    [CK_CLAMP_TENSOR] = {CK_TABLE_REAL(ck_clamp_tensor)},
  };
  return table[op][dtype];
}
