// Pooling over windows of planes [planes, height, width].
#pragma once
#include <stddef.h>
#include <stdint.h>

/// How windows lie on planes; dimension 0 is the height, 1 the width.
typedef struct {
  ptrdiff_t planes;
  ptrdiff_t size[2], kernel[2], output[2], stride[2], padding[2], dilation[2];
  /// Whether positions in the padding count in a mean; a divisor other than 0 replaces the count.
  int32_t counts_padding;
  int64_t divisor;
} ck_pool;

/// The largest element of each window and its index in the plane; NaN is largest. A window without
/// elements has the type's lowest value and the index -1.
typedef void ck_max_pool_loop(void *out, int64_t *indices, const void *in, const ck_pool *pool);
/// The mean of each window (`out` first), or its adjoint (the plane first).
typedef void ck_mean_pool_loop(void *target, const void *source, const ck_pool *pool);
/// Moves `count` elements a plane from or to planes of `area` elements by index; an index of -1 stands
/// for none (0). Returns whether all indices lie in [-1, area).
typedef int ck_plane_loop(
    void *target, const void *source, const int64_t *indices, ptrdiff_t planes, ptrdiff_t area,
    ptrdiff_t count);

ck_max_pool_loop *ck_max_pool(uint8_t dtype);
ck_mean_pool_loop *ck_mean_pool(uint8_t dtype);
ck_mean_pool_loop *ck_mean_pool_adjoint(uint8_t dtype);
/// target[p, i] = source[p, indices[p, i]]
ck_plane_loop *ck_plane_gather(uint8_t dtype);
/// target[p, indices[p, i]] += source[p, i]
ck_plane_loop *ck_plane_scatter_add(uint8_t dtype);

/// target[o, j, i] = Σₜ weights[j, t] · source[o, indices[j, t], i] for j < count, and its adjoint,
/// target[o, indices[j, t], i] += weights[j, t] · source[o, j, i]. The indices lie below `size`.
#define CK_AXIS_MAP(T, S)                                                                         \
  void ck_axis_map_##S(                                                                           \
      T *target, const T *source, const int64_t *indices, const double *weights, ptrdiff_t taps,  \
      ptrdiff_t outer, ptrdiff_t count, ptrdiff_t size, ptrdiff_t inner);                         \
  void ck_axis_map_adjoint_##S(                                                                   \
      T *target, const T *source, const int64_t *indices, const double *weights, ptrdiff_t taps,  \
      ptrdiff_t outer, ptrdiff_t count, ptrdiff_t size, ptrdiff_t inner);
CK_AXIS_MAP(float, f32)
CK_AXIS_MAP(double, f64)
#undef CK_AXIS_MAP
