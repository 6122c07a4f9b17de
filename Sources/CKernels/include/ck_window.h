// Windows that slide over up to three spatial dimensions: the columns of a convolution.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// How windows lie in an image [channels, size…]; unused leading dimensions have size, kernel and
/// output 1, stride and dilation 1, padding 0.
typedef struct {
  ptrdiff_t channels;
  ptrdiff_t size[3], kernel[3], output[3], stride[3], padding[3], dilation[3];
} ck_window;

/// columns[c, k…, o…] = image[c, o · stride - padding + k · dilation], zero outside the image.
typedef void ck_columns_loop(void *columns, const void *image, const ck_window *window);

/// Copies elements of 1, 2, 4, 8 or 16 bytes.
ck_columns_loop *ck_image_to_columns(size_t element_size);
/// Adds every element of the columns (second argument) to the image (first argument).
ck_columns_loop *ck_columns_to_image(uint8_t dtype);
