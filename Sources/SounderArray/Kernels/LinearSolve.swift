import COpenBLAS

extension Kernels {
  /// The Cholesky factor L of A = L Lᴴ (U of A = Uᴴ U if `upper`), and for each matrix of the batch 0
  /// or the order of the leading minor that is not positive.
  ///
  /// Only the triangle of that name is read.
  public static func linalgCholeskyEx(_ self: NDArray, _ upper: Bool) -> (NDArray, NDArray) {
    Lapack.requireSquare(self, "linalg.cholesky")
    let type = Lapack.type(self, "linalg.cholesky")
    let n = self.shape[self.rank - 1]
    let factor = self.copied()
    let info = zeros(Lapack.batch(self), .int32)
    // By columns the memory is Aᵀ, whose factor of the other triangle is the transpose of ours.
    let triangle = Lapack.option(upper ? "L" : "U")
    let size = self.dtype.byteSize
    Lapack.forEach(factor) { offset, index in
      let matrix = factor.address(offset)
      info.integers[index] = cob_potrf(type, triangle, Int32(n), matrix)
      for row in 0..<n {
        let (from, to) = upper ? (0, row) : (row + 1, n)
        (matrix + (row * n + from) * size).initializeMemory(
          as: UInt8.self, repeating: 0, count: (to - from) * size)
      }
    }
    return (factor, info)
  }

  /// The solution X of A X = B, or of X A = B unless `left`, and for each matrix of the batch 0 or the
  /// index, from 1, of the pivot that is zero; batches broadcast.
  public static func linalgSolveEx(_ A: NDArray, _ B: NDArray, _ left: Bool) -> (NDArray, NDArray) {
    Lapack.requireSquare(A, "linalg.solve")
    let type = Lapack.type(A, "linalg.solve")
    let (batch, right) = systems(A, B, left, "linalg.solve")
    let n = A.shape[A.rank - 1]
    let (rows, columns) = (right.shape[right.rank - 2], right.shape[right.rank - 1])
    let info = zeros(batch, .int32)
    // By columns the memory of A is Aᵀ and the memory of Bᵀ is B.
    let solution = (left ? Lapack.transposed(right) : right).copied()
    let factors = A.broadcast(to: Lapack.shape(batch, n, n)).copied()
    let others = Int32(left ? columns : rows)
    let op = Lapack.option(left ? "T" : "N")
    var pivots = [Int32](repeating: 0, count: n)
    Lapack.forEach(factors) { offset, index in
      let matrix = factors.address(offset)
      info.integers[index] = cob_getrf(type, Int32(n), matrix, &pivots)
      if others == 0 { return }
      let x = solution.address(index * rows * columns)
      _ = cob_getrs(type, op, Int32(n), others, matrix, pivots, x)
    }
    return (left ? Lapack.transposed(solution).contiguous() : solution, info)
  }

  /// The inverse, and for each matrix of the batch 0 or the index, from 1, of the pivot that is zero.
  public static func linalgInvEx(_ A: NDArray) -> (NDArray, NDArray) {
    Lapack.requireSquare(A, "linalg.inv")
    return linalgSolveEx(A, eye(A.shape[A.rank - 1], nil, A.dtype), false)
  }

  /// The solution X of A X = B, or of X A = B unless `left`, for triangular A, of which only the
  /// triangle in question is read; with `unitriangular` its diagonal is taken as ones.
  public static func linalgSolveTriangular(
    _ self: NDArray, _ B: NDArray, _ upper: Bool, _ left: Bool, _ unitriangular: Bool
  ) -> NDArray {
    Lapack.requireSquare(self, "linalg.solve_triangular")
    _ = Lapack.type(self, "linalg.solve_triangular")
    let (batch, right) = systems(self, B, left, "linalg.solve_triangular")
    let n = self.shape[self.rank - 1]
    let solution = right.copied()
    let (rows, columns) = (right.shape[right.rank - 2], right.shape[right.rank - 1])
    if solution.count == 0 { return solution }
    let flat = reshape(self.broadcast(to: Lapack.shape(batch, n, n)), [batch.elementCount, n, n])
    let a = MatrixOperand(flat)
    let isUpper = upper == (a.transpose == CblasNoTrans)
    let side = left ? CblasLeft : CblasRight
    let triangle = isUpper ? CblasUpper : CblasLower
    let diagonal = unitriangular ? CblasUnit : CblasNonUnit
    let (m, k) = (Int32(rows), Int32(columns))
    let scales = ScalarParameters(1, as: self.dtype)
    for index in 0..<batch.elementCount {
      let (matrix, x) = (a.matrix(index), solution.address(index * rows * columns))
      switch self.dtype {
      case .float32:
        cblas_strsm(
          CblasRowMajor, side, triangle, a.transpose, diagonal, m, k, 1,
          matrix.assumingMemoryBound(to: Float.self), a.leading,
          x.assumingMemoryBound(to: Float.self), k)
      case .float64:
        cblas_dtrsm(
          CblasRowMajor, side, triangle, a.transpose, diagonal, m, k, 1,
          matrix.assumingMemoryBound(to: Double.self), a.leading,
          x.assumingMemoryBound(to: Double.self), k)
      case .complex64:
        scales.withPointer {
          cblas_ctrsm(
            CblasRowMajor, side, triangle, a.transpose, diagonal, m, k, $0, matrix, a.leading, x, k)
        }
      default:
        scales.withPointer {
          cblas_ztrsm(
            CblasRowMajor, side, triangle, a.transpose, diagonal, m, k, $0, matrix, a.leading, x, k)
        }
      }
    }
    withExtendedLifetime(a) {}
    return solution
  }

  /// The batch two operands of a system broadcast to, and the right side in that batch.
  private static func systems(_ a: NDArray, _ b: NDArray, _ left: Bool, _ name: StaticString)
    -> (Shape, NDArray)
  {
    Lapack.requireMatrices(b, name)
    require(
      a.dtype == b.dtype, "\(name): A and B have different types (\(a.dtype.name), \(b.dtype.name))"
    )
    let (rows, columns) = (b.shape[b.rank - 2], b.shape[b.rank - 1])
    require(
      a.shape[a.rank - 1] == (left ? rows : columns),
      "\(name): A of shape \(a.shape) does not fit B of shape \(b.shape)")
    guard let batch = Lapack.batch(a).broadcast(with: Lapack.batch(b)) else {
      failRequirement(
        "\(name): batches of \(a.shape) and \(b.shape) do not broadcast", #fileID, #line)
    }
    return (batch, b.broadcast(to: Lapack.shape(batch, rows, columns)))
  }
}

extension NDArray {
  var integers: UnsafeMutablePointer<Int32> { pointer.assumingMemoryBound(to: Int32.self) }
}
