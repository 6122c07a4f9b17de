// Reductions of strided runs into accumulators.
//
// Accumulators: sums and products of reals float64, of integers and bools int64, of complex numbers complex128;
// extrema the element type; all and any bool. The caller sets the initial value; calls continue from it.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum : uint32_t {
  CK_SUM, CK_PROD, CK_MAX, CK_MIN, CK_ALL, CK_ANY, CK_REDUCE_COUNT
} ck_reduce_op;

/// Folds `count` elements into one accumulator.
typedef void ck_reduce_loop(void *accumulator, const void *a, ptrdiff_t stride, ptrdiff_t count);
/// Folds each of `columns` columns of `rows` elements into its own accumulator.
typedef void ck_reduce_columns_loop(
    void *accumulators, const void *a, ptrdiff_t row_stride, ptrdiff_t column_stride,
    ptrdiff_t rows, ptrdiff_t columns);
/// The index of the first largest element, NaN counting as largest.
typedef int64_t ck_argmax_loop(const void *a, ptrdiff_t stride, ptrdiff_t count);
/// Running sums or products.
typedef void ck_cumulative_loop(
    void *out, ptrdiff_t out_stride, const void *a, ptrdiff_t stride, ptrdiff_t count);

ck_reduce_loop *ck_reduce(ck_reduce_op op, uint8_t dtype);
ck_reduce_columns_loop *ck_reduce_columns(ck_reduce_op op, uint8_t dtype);
ck_argmax_loop *ck_argmax(uint8_t dtype);
/// The index of the first smallest element, NaN counting as smallest.
ck_argmax_loop *ck_argmin(uint8_t dtype);
ck_cumulative_loop *ck_cumsum(uint8_t dtype);
ck_cumulative_loop *ck_cumprod(uint8_t dtype);

/// y[0] = x[0], y[i] = x[i] + f[i - 1] y[i - 1], along strides that may be negative.
typedef void ck_recurrence_loop(
    void *out, ptrdiff_t out_stride, const void *x, ptrdiff_t x_stride, const void *factor,
    ptrdiff_t factor_stride, ptrdiff_t count);
ck_recurrence_loop *ck_recurrence(uint8_t dtype);
