// Sums of outer products of rows, as gradients of weights are: Σ_r left[r]ᵀ right[r].
#pragma once
#include <stddef.h>

enum {
  CK_PRODUCT_HEIGHT = 12, ///< columns of `left` in a panel: rows of a register tile
  CK_PRODUCT_WIDTH = 32,  ///< columns of `right` in a panel
  CK_PRODUCT_DEPTH = 16   ///< sums a tile can keep at a time
};

/// Some rows of both factors, packed by ck_pack_panels_f32.
typedef struct {
  ptrdiff_t rows;
  ptrdiff_t additions; ///< how many sums before it this part's sum is added to, the last first
  const float *left, *right;
} ck_row_part;

/// panels[p, r, c] = a[r, p · width + c], zero beyond the last column.
void ck_pack_panels_f32(
    float *panels, const float *a, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t width);

/// Writes sums of Σ_r left[r]ᵀ right[r], matrices [height, width] without gaps.
///
/// The sum of each part is formed on its own, in the order of its rows, and put on a stack; then `additions`
/// times the two last are replaced by their sum. `sums` takes what the stack holds in the end. At most
/// CK_PRODUCT_DEPTH may be on the stack. Needs ck_wide_available().
void ck_row_products_f32(
    float *const *sums, const ck_row_part *parts, ptrdiff_t count, ptrdiff_t height, ptrdiff_t width);
