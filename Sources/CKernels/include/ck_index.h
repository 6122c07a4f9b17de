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
/// Adds the source's elements.
ck_scatter_loop *ck_scatter_add(uint8_t dtype);
