import COpenBLAS
import Foundation

extension Kernels {
  /// The sign (for complex matrices a number of absolute value 1) and the logarithm of the absolute
  /// value of the determinant; 0 and -∞ for a singular matrix.
  public static func linalgSlogdet(_ A: NDArray) -> (NDArray, NDArray) {
    let sign = full(Lapack.batch(A), 1, A.dtype)
    let logarithm = zeros(Lapack.batch(A), Lapack.real(A.dtype))
    forEachFactorisation(A, "linalg.slogdet") { index, diagonal in
      var unit = Scalar.int(1)
      var sum = 0.0
      for value in diagonal {
        let size = hypot(value.doubleValue, value.imaginary)
        sum += Foundation.log(size)
        unit = unit * (size == 0 ? value : value * .float(1 / size))
      }
      unit.store(at: sign.address(index), as: sign.dtype)
      Scalar.float(sum).store(at: logarithm.address(index), as: logarithm.dtype)
    }
    return (sign, logarithm)
  }

  /// The determinant.
  public static func linalgDet(_ A: NDArray) -> NDArray {
    let result = full(Lapack.batch(A), 1, A.dtype)
    forEachFactorisation(A, "linalg.det") { index, diagonal in
      diagonal.reduce(Scalar.int(1), *).store(at: result.address(index), as: A.dtype)
    }
    return result
  }

  /// Calls `body` with numbers whose product is the determinant, for each matrix of the batch.
  private static func forEachFactorisation(
    _ a: NDArray, _ name: StaticString, _ body: (_ index: Int, _ diagonal: [Scalar]) -> Void
  ) {
    Lapack.requireSquare(a, name)
    let type = Lapack.type(a, name)
    let n = a.shape[a.rank - 1]
    let factors = a.copied()
    var pivots = [Int32](repeating: 0, count: n)
    Lapack.forEach(factors) { offset, index in
      _ = cob_getrf(type, Int32(n), factors.address(offset), &pivots)
      body(
        index,
        (0..<n).map { row in
          let value = Scalar(at: factors.address(offset + row * (n + 1)), as: a.dtype)
          // Each exchange of rows changes the sign.
          return pivots[row] == Int32(row + 1) ? value : value * .float(-1)
        })
    }
  }
}
