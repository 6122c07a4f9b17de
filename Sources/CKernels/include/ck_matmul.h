// Products of integer matrices and vectors, modulo the width of the type.
#pragma once
#include <stddef.h>
#include <stdint.h>

// c = a b for [m, k] × [k, n]; strides in elements, c has rows of n without gaps.
typedef void (*ck_matmul_fn)(
    void *c, const void *a, ptrdiff_t a_row, ptrdiff_t a_column, const void *b, ptrdiff_t b_row,
    ptrdiff_t b_column, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);

// NULL for types that are not integers.
ck_matmul_fn ck_matmul(uint8_t dtype);
