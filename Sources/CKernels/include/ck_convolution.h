// Convolutions of float32 over one or two dimensions without columns: every tap of the filter is a shift
// of a padded copy of the image, so a product of filters and taps runs over flat memory.
//
// The copy holds, for each channel, one plane [rows, pitch] for each phase of the stride; a run of
// outputs (i, j) reads the addresses offsets[tap] + i · pitch + j.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "ck_wide.h"

enum { CK_FILTER_BLOCK = 8, CK_GRADIENT_BLOCK = 32 };

/// What one group's convolution reads and how its outputs lie.
typedef struct {
  ptrdiff_t taps, filters;        ///< products a filter adds up; filters of the group
  ptrdiff_t rows, columns, pitch; ///< outputs; distance of their rows in the copy
  const int64_t *offsets;         ///< of the taps, in the copy
} ck_convolution;

// All but the padding may only run where ck_wide_available() says so.

/// planes[c, a, b, i, j] = image[c, i · stride[0] + a - padding[0], j · stride[1] + b - padding[1]], zero
/// outside; paddings may be negative.
void ck_convolution_pad_f32(
    float *planes, const float *image, ptrdiff_t channels, const ptrdiff_t size[2],
    const ptrdiff_t stride[2], const ptrdiff_t padding[2], ptrdiff_t rows, ptrdiff_t pitch);

/// out[f, i, j] = bias[f] + Σ weights[f, tap] · planes[offsets[tap] + i · pitch + j].
///
/// `packed` holds for each block of 8 filters 8 biases, then 8 weights for each tap; the planes are
/// readable 64 elements beyond their end.
void ck_convolution_f32(float *out, const float *planes, const float *packed, const ck_convolution *shape);

/// blocks[b, p, f] = gradient[32 b + f, p], zero for filters that don't exist.
void ck_convolution_transpose_f32(float *blocks, const float *gradient, ptrdiff_t filters, ptrdiff_t positions);

/// sums[b, tap, f] += Σ blocks[b, (i, j), f] · planes[offsets[tap] + i · pitch + j].
void ck_convolution_weight_f32(float *sums, const float *planes, const float *blocks, const ck_convolution *shape);
