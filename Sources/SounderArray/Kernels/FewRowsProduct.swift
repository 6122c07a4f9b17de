import CKernels

/// Products of up to 128 rows with a matrix, as a linear layer computes them for small batches.
///
/// BLAS packs the whole matrix for every product, which pays only if many rows share it. Here the matrix is
/// read once and the rows are what is packed, so a batch cut into shards takes hardly longer than a whole
/// one. GFLOP/s on an EPYC core for 1024 × 1024, OpenBLAS in brackets: 16 rows 87 (35), 32 rows 97 (52),
/// 128 rows 101 (81) with the transposed matrix of the forward pass; 82 (67), 92 (81), 98 (94) with
/// the plain one of the backward pass. A row's bits don't depend on the rows it is computed with.
enum FewRowsProduct {
  /// Whether a product is computed here.
  ///
  /// Its shape alone decides, so that its bits are the same wherever it is computed. Up to a million
  /// multiplications OpenBLAS is faster, and so it is where too many lanes would be empty.
  static func serves(rows: Int, columns: Int, depth: Int, isTransposed: Bool) -> Bool {
    let lanes = padded(rows)
    return rows <= 128 && (isTransposed ? 3 * lanes <= 4 * rows : 5 * lanes <= 6 * rows)
      && columns >= 64 && depth >= 64 && rows * columns * depth > BLAS.smallProduct
      && ck_wide_available() != 0
  }

  private static func padded(_ rows: Int) -> Int { (rows + 15) / 16 * 16 }

  /// c = x m, or c + x m if `adds`, for a matrix m of float32 and `rows` rows of x.
  static func multiply(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, _ m: ck_few_rows_matrix,
    into c: UnsafeMutablePointer<Float>, stride ldc: Int, adds: Bool
  ) {
    var m = m
    let most = Swift.min(padded(rows), CK_FEW_ROWS)
    let scratch = NDArray(uninitialized: [(m.depth + m.columns) * most], .float32)
    let packed = scratch.floats
    let sums = packed + m.depth * most
    let size = MemoryLayout<Float>.stride
    for first in Swift.stride(from: 0, to: rows, by: most) {
      let count = Swift.min(rows - first, most)
      let width = padded(count)
      if width > count { packed.update(repeating: 0, count: m.depth * width) }
      ck_pack_transposed(packed, width, x + first * stride, stride, m.depth, count, size)
      let target = c + first * ldc
      if adds {
        if width > count { sums.update(repeating: 0, count: m.columns * width) }
        ck_pack_transposed(sums, width, target, ldc, m.columns, count, size)
      }
      ck_few_rows_f32(sums, packed, width / 16, &m, adds ? 1 : 0)
      ck_pack_transposed(target, ldc, sums, width, count, m.columns, size)
    }
    withExtendedLifetime(scratch) {}
  }
}
