// Arithmetic of two operands.
#include <tgmath.h>
#include "ck_complex.h"
#include "ck_loops.h"
#pragma STDC CX_LIMITED_RANGE ON

CK_EACH_INTEGER(CK_WRAPPING, add, (uint64_t)x + (uint64_t)y)
CK_EACH_INTEGER(CK_WRAPPING, sub, (uint64_t)x - (uint64_t)y)
CK_EACH_INTEGER(CK_WRAPPING, mul, (uint64_t)x *(uint64_t)y)
CK_EACH_INTEGER(CK_WRAPPING, add_scaled, (uint64_t)x + (uint64_t)s * (uint64_t)y)
CK_EACH_INEXACT(CK_BINARY, add, x + y)
CK_EACH_INEXACT(CK_BINARY, sub, x - y)
CK_EACH_INEXACT(CK_BINARY, mul, x *y)
CK_EACH_FLOAT(CK_BINARY, div, x / y)
CK_BINARY(ck_c64, c64, div, ckm_div_c64(x, y))
CK_BINARY(ck_c128, c128, div, ckm_div_c128(x, y))
CK_EACH_INEXACT(CK_BINARY, add_scaled, x + s * y)
CK_BINARY(bool, b, add, x || y)
CK_BINARY(bool, b, mul, x &&y)
CK_BINARY(bool, b, add_scaled, x || (s && y))
CK_BINARY(bool, b, maximum, x || y)
CK_BINARY(bool, b, minimum, x &&y)
CK_EACH_INTEGER(CK_BINARY, maximum, (x > y ? x : y))
CK_EACH_INTEGER(CK_BINARY, minimum, (x < y ? x : y))
CK_EACH_FLOAT(CK_BINARY, maximum, (x > y || x != x ? x : y))
CK_EACH_FLOAT(CK_BINARY, minimum, (x < y || x != x ? x : y))

static uint64_t ck_integer_power(uint64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    return base == UINT64_MAX ? (exponent & 1 ? UINT64_MAX : 1) : 0;
  }
  uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if (exponent & 1) result *= base;
  }
  return result;
}
CK_EACH_INTEGER(CK_WRAPPING, pow, ck_integer_power((uint64_t)x, (int64_t)y))
CK_EACH_INEXACT(CK_BINARY, pow, pow(x, y))

ck_binary_family ck_binary_arithmetic = {
  [CK_ADD] = {CK_TABLE_ALL(ck_add)},
  [CK_SUB] = {CK_TABLE_NUMBER(ck_sub)},
  [CK_MUL] = {CK_TABLE_ALL(ck_mul)},
  [CK_DIV] = {CK_TABLE_INEXACT(ck_div)},
  [CK_POW] = {CK_TABLE_NUMBER(ck_pow)},
  [CK_MAXIMUM] = {CK_TABLE_ORDERED(ck_maximum)},
  [CK_MINIMUM] = {CK_TABLE_ORDERED(ck_minimum)},
  [CK_ADD_SCALED] = {CK_TABLE_ALL(ck_add_scaled)},
};

ck_binary_loop *ck_binary(ck_binary_op op, uint8_t dtype) {
  static ck_binary_family *const families[] = {
    &ck_binary_arithmetic, &ck_binary_division, &ck_binary_gradient,
  };
  return (*families[op / CK_FAMILY_SIZE])[op % CK_FAMILY_SIZE][dtype];
}
