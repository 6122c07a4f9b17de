// Comparisons, logic and selection.
#include "ck_loops.h"

#define CK_COMPARE(T, S, NAME, OPERATOR) CK_BINARY_TO(uint8_t, T, S, NAME, (x OPERATOR y))
CK_EACH_TYPE(CK_COMPARE, eq, ==)
CK_EACH_TYPE(CK_COMPARE, ne, !=)
CK_EACH_ORDERED(CK_COMPARE, lt, <)
CK_EACH_ORDERED(CK_COMPARE, le, <=)
CK_EACH_ORDERED(CK_COMPARE, gt, >)
CK_EACH_ORDERED(CK_COMPARE, ge, >=)

#define CK_LOGICAL(T, S, NAME, OPERATOR) CK_BINARY_TO(uint8_t, T, S, NAME, ((x != 0)OPERATOR(y != 0)))
CK_EACH_TYPE(CK_LOGICAL, logical_and, &)
CK_EACH_TYPE(CK_LOGICAL, logical_or, |)
CK_EACH_TYPE(CK_LOGICAL, logical_xor, ^)

ck_binary_loop *ck_compare(ck_compare_op op, uint8_t dtype) {
  static ck_binary_loop *const table[CK_COMPARE_COUNT][CK_DTYPE_COUNT] = {
    [CK_EQ] = {CK_TABLE_ALL(ck_eq)},     [CK_NE] = {CK_TABLE_ALL(ck_ne)},
    [CK_LT] = {CK_TABLE_ORDERED(ck_lt)}, [CK_LE] = {CK_TABLE_ORDERED(ck_le)},
    [CK_LOGICAL_AND] = {CK_TABLE_ALL(ck_logical_and)},
    [CK_LOGICAL_OR] = {CK_TABLE_ALL(ck_logical_or)},
    [CK_LOGICAL_XOR] = {CK_TABLE_ALL(ck_logical_xor)},
    [CK_GT] = {CK_TABLE_ORDERED(ck_gt)}, [CK_GE] = {CK_TABLE_ORDERED(ck_ge)},
  };
  return table[op][dtype];
}

#define CK_SELECT(T, SIZE)                                                                        \
  CK_CLONES static void ck_select_##SIZE(                                                         \
      void *out, ptrdiff_t so, const uint8_t *c, ptrdiff_t sc, const void *a, ptrdiff_t sa,       \
      const void *b, ptrdiff_t sb, ptrdiff_t n) {                                                 \
    T *z = out;                                                                                   \
    const T *u = a, *v = b;                                                                       \
    if (n <= 0) return;                                                                           \
    const T first = *u, second = *v;                                                              \
    if (so == 1 && sc == 1 && sa == 1 && sb == 1) {                                               \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) z[i] = c[i] ? u[i] : v[i];                      \
    } else if (so == 1 && sc == 1 && sa == 1 && sb == 0) {                                        \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) z[i] = c[i] ? u[i] : second;                    \
    } else if (so == 1 && sc == 1 && sa == 0 && sb == 1) {                                        \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) z[i] = c[i] ? first : v[i];                     \
    } else {                                                                                      \
      CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) z[i * so] = c[i * sc] ? u[i * sa] : v[i * sb];  \
    }                                                                                             \
  }
CK_SELECT(uint8_t, 1)
CK_SELECT(uint16_t, 2)
CK_SELECT(uint32_t, 4)
CK_SELECT(uint64_t, 8)
CK_SELECT(ck_c128, 16)

ck_select_loop *ck_select(size_t element_size) {
  switch (element_size) {
    case 1: return ck_select_1;
    case 2: return ck_select_2;
    case 4: return ck_select_4;
    case 8: return ck_select_8;
    default: return ck_select_16;
  }
}
