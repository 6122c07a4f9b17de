// 3 × 3 convolutions of float32 with stride 1 by Winograd's minimal filtering F(2×2, 3×3) (Lavin and
// Gray, 2016): 16 products for 4 outputs instead of 36.
//
// The images are padded copies in four planes a channel, one for each parity of row and column, as
// ck_convolution_pad_f32 makes them with stride 2: `tile_rows + 1` rows of `tile_columns + 1`. The
// functions need ck_wide_available().
#pragma once
#include <stddef.h>

typedef struct {
  ptrdiff_t channels, filters;        ///< of the image; of the result
  ptrdiff_t rows, columns;            ///< of the result
  ptrdiff_t tile_rows, tile_columns;  ///< half of them, rounded up
} ck_winograd;

/// How many floats of scratch the loops need.
ptrdiff_t ck_winograd_scratch(const ck_winograd *shape);

/// Transforms the filters weights[f · filter_stride + c · channel_stride + 3 i + j], turned round or not,
/// into [blocks of 8 filters, 16, channels, 8].
void ck_winograd_filters_f32(
    float *packed, const float *weights, ptrdiff_t filters, ptrdiff_t channels,
    ptrdiff_t filter_stride, ptrdiff_t channel_stride, int turned);

/// The convolution of one image; bias may be null.
void ck_winograd_f32(
    float *out, const float *planes, const float *packed, const float *bias, float *scratch,
    const ck_winograd *shape);

/// Adds to sums [blocks of 32 filters, 16, channels, 32] the transformed gradient of the filters for one
/// image and gradients from ck_convolution_transpose_f32.
void ck_winograd_weight_f32(
    float *sums, const float *planes, const float *blocks, float *scratch, const ck_winograd *shape);

/// Transforms the sums back: gradient [filters, channels, 3, 3].
void ck_winograd_weight_finish_f32(
    float *gradient, const float *sums, ptrdiff_t filters, ptrdiff_t channels);
