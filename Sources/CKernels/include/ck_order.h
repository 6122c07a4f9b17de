// The order of strided runs.
#pragma once
#include <stdint.h>
#include <stddef.h>

/// Writes the positions of `count` elements in ascending (or descending) order to `order`, equal
/// elements in their original order. NaN counts as larger than every number. `scratch` has room for
/// `count` more.
typedef void ck_argsort_loop(
    int64_t *order, int64_t *scratch, const void *a, ptrdiff_t stride, ptrdiff_t count,
    int descending);
ck_argsort_loop *ck_argsort(uint8_t dtype);
