import COpenBLAS

/// Batches of matrices as LAPACK takes them.
///
/// LAPACK stores matrices by columns, so the memory of an array of rows is the transpose to it. The
/// kernels use that instead of transposing wherever the mathematics allows.
enum Lapack {
  /// The letter of a type's routines; ends the program for types LAPACK does not know.
  static func type(_ array: NDArray, _ name: StaticString) -> CChar {
    BLAS.configure()
    switch array.dtype {
    case .float32: return CChar(UInt8(ascii: "s"))
    case .float64: return CChar(UInt8(ascii: "d"))
    case .complex64: return CChar(UInt8(ascii: "c"))
    case .complex128: return CChar(UInt8(ascii: "z"))
    default: Elementwise.unsupported(name, array.dtype)
    }
  }

  /// An option of a routine.
  static func option(_ letter: Unicode.Scalar) -> CChar {
    CChar(truncatingIfNeeded: letter.value)
  }

  static func requireMatrices(_ array: NDArray, _ name: StaticString) {
    require(
      array.rank >= 2, "\(name): expects matrices in the last two dimensions, not \(array.shape)")
  }

  static func requireSquare(_ array: NDArray, _ name: StaticString) {
    requireMatrices(array, name)
    require(
      array.shape[array.rank - 1] == array.shape[array.rank - 2],
      "\(name): expects square matrices, not \(array.shape)")
  }

  /// The dimensions before the last two.
  static func batch(_ array: NDArray) -> Shape { Shape(array.shape.dropLast(2)) }

  /// A shape of matrices, after those of the batch.
  static func shape(_ batch: Shape, _ rows: Int, _ columns: Int) -> Shape {
    var shape = batch
    shape.append(rows)
    shape.append(columns)
    return shape
  }

  /// The matrices mirrored, without a copy.
  static func transposed(_ array: NDArray) -> NDArray { Kernels.transpose(array, -2, -1) }

  /// Calls `body` with the offset of each matrix in elements, and its number.
  static func forEach(_ array: NDArray, _ body: (_ offset: Int, _ index: Int) -> Void) {
    let size = array.shape[array.rank - 1] * array.shape[array.rank - 2]
    if size == 0 { return }
    for index in 0..<(array.count / size) { body(index * size, index) }
  }

  /// The part of a type's numbers that is real.
  static func real(_ dtype: DType) -> DType {
    switch dtype {
    case .complex64: .float32
    case .complex128: .float64
    default: dtype
    }
  }
}
