// Loops that read or write through int64 indices.
//
// Element i of the run uses address base + i * stride + index[i] * step; the stride is 0 when the run
// lies along the indexed dimension. They return the position of the first index outside [0, limit),
// or -1 when all are inside.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef ptrdiff_t ck_gather_loop(
    void *out, ptrdiff_t out_stride, const void *base, ptrdiff_t stride, ptrdiff_t step,
    const int64_t *index, ptrdiff_t index_stride, ptrdiff_t limit, ptrdiff_t count);
typedef ptrdiff_t ck_scatter_loop(
    void *base, ptrdiff_t stride, ptrdiff_t step, const int64_t *index, ptrdiff_t index_stride,
    ptrdiff_t limit, const void *source, ptrdiff_t source_stride, ptrdiff_t count);

/// Copies elements of 1, 2, 4, 8 or 16 bytes.
ck_gather_loop *ck_gather(size_t element_size);
typedef enum : uint32_t {
  CK_SCATTER_ADD, CK_SCATTER_MULTIPLY,
  CK_SCATTER_MAXIMUM, CK_SCATTER_MINIMUM,  ///< not for complex numbers
} ck_scatter_op;

/// Combines the elements with the source's, NULL where the operation does not exist for the type.
ck_scatter_loop *ck_scatter(ck_scatter_op op, uint8_t dtype);
/// Overwrites elements of 1, 2, 4, 8 or 16 bytes.
ck_scatter_loop *ck_scatter_assign(size_t element_size);

// Loops over rows of contiguous arrays: the indexed one is [outer, extent, row], the other one
// [outer, count, row]. Indices are in range; `row` is a number of bytes, `inner` of elements.

typedef void ck_add_rows_loop(
    void *base, const int64_t *index, ptrdiff_t count, ptrdiff_t extent, ptrdiff_t outer,
    const void *source, ptrdiff_t inner);

/// The position of the first index outside [0, limit), or -1.
ptrdiff_t ck_first_outside(const int64_t *index, ptrdiff_t count, int64_t limit);
/// out[o][i] = base[o][index[i]].
void ck_take_rows(
    void *out, const void *base, const int64_t *index, ptrdiff_t count, ptrdiff_t extent,
    ptrdiff_t outer, size_t row);
/// base[o][index[i]] = source[o][i].
void ck_put_rows(
    void *base, const int64_t *index, ptrdiff_t count, ptrdiff_t extent, ptrdiff_t outer,
    const void *source, size_t row);
/// base[o][index[i]] += source[o][i].
ck_add_rows_loop *ck_add_rows(uint8_t dtype);

/// How many bytes are not zero.
ptrdiff_t ck_count_set(const uint8_t *mask, ptrdiff_t count);
/// The indices of the bytes that are not zero, `rank` numbers each.
void ck_nonzero(
    const uint8_t *mask, ptrdiff_t count, int64_t *out, const ptrdiff_t *shape, ptrdiff_t rank);
