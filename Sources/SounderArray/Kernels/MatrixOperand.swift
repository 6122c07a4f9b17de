import COpenBLAS

/// Matrices in the form BLAS takes: rows a leading dimension apart, possibly transposed, and any
/// number of them at a fixed distance.
struct MatrixOperand {
  let leading: Int32
  let transpose: CBLAS_TRANSPOSE
  /// Bytes from one matrix of a batch to the next.
  let step: Int
  /// Keeps a copy alive while BLAS reads it.
  let array: NDArray

  /// A view of the last two dimensions; copied only if neither of their strides is 1.
  init(_ source: NDArray) {
    let (row, column) = (source.rank - 2, source.rank - 1)
    let (rows, columns) = (source.shape[row], source.shape[column])
    let (rowStride, columnStride) = (source.strides[row], source.strides[column])
    if columnStride == 1 || columns == 1, rowStride >= max(columns, 1) || rows == 1 {
      array = source
      leading = Int32(max(rows == 1 ? columns : rowStride, columns, 1))
      transpose = CblasNoTrans
    } else if rowStride == 1 || rows == 1, columnStride >= max(rows, 1) || columns == 1 {
      array = source
      leading = Int32(max(columns == 1 ? rows : columnStride, rows, 1))
      transpose = CblasTrans
    } else {
      array = source.copied()
      leading = Int32(max(columns, 1))
      transpose = CblasNoTrans
    }
    step = array.rank == 3 ? array.strides[0] * array.dtype.byteSize : 0
  }

  /// The first element of a matrix of the batch.
  func matrix(_ batch: Int) -> UnsafeMutableRawPointer { array.pointer + batch * step }
}
