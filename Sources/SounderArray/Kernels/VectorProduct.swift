import CKernels
import COpenBLAS

/// Products of vectors, and of matrices with vectors, through BLAS.
private enum VectorProduct {
  /// A vector as BLAS takes it: at a positive distance from element to element.
  static func spaced(_ vector: NDArray) -> NDArray {
    vector.count > 1 && vector.strides[0] == 0 ? vector.copied() : vector
  }

  static func increment(_ vector: NDArray) -> Int32 { Int32(max(vector.strides[0], 1)) }

  /// Σ a b, with the elements of a conjugated if asked.
  static func dot(_ a: NDArray, _ b: NDArray, conjugating: Bool, _ name: StaticString) -> NDArray {
    require(
      a.rank == 1 && b.rank == 1, "\(name): expects two vectors, not \(a.shape) and \(b.shape)")
    require(a.shape == b.shape, "\(name): lengths differ (\(a.shape) and \(b.shape))")
    require(
      a.dtype == b.dtype,
      "\(name): operands have different types (\(a.dtype.name) and \(b.dtype.name))")
    let result = NDArray(uninitialized: Shape(), a.dtype)
    BLAS.configure()
    let (x, y) = (spaced(a), spaced(b))
    let n = Int32(x.count)
    let (xs, ys) = (increment(x), increment(y))
    switch a.dtype {
    case .float32: result.floats.pointee = cblas_sdot(n, x.floats, xs, y.floats, ys)
    case .float64: result.doubles.pointee = cblas_ddot(n, x.doubles, xs, y.doubles, ys)
    case .complex64:
      (conjugating ? cblas_cdotc_sub : cblas_cdotu_sub)(
        n, x.pointer, xs, y.pointer, ys, result.pointer)
    case .complex128:
      (conjugating ? cblas_zdotc_sub : cblas_zdotu_sub)(
        n, x.pointer, xs, y.pointer, ys, result.pointer)
    default:
      let product = MatrixProduct.product(
        Kernels.unsqueeze(a, 0), Kernels.unsqueeze(b, 1), nil, name)
      return product.viewed([], [])
    }
    withExtendedLifetime((x, y)) {}
    return result
  }

  /// y = alpha a x + beta y for a matrix a of an inexact type.
  static func multiply(
    _ a: NDArray, _ x: NDArray, into y: NDArray, alpha: Scalar, beta: Scalar
  ) {
    BLAS.configure()
    let matrix = isPlain(a) || isPlain(Kernels.t(a)) ? a : a.copied()
    let transposed = !isPlain(matrix)
    let plain = transposed ? Kernels.t(matrix) : matrix
    let (m, n) = (Int32(plain.shape[0]), Int32(plain.shape[1]))
    let leading = Int32(max(m == 1 ? Int(n) : plain.strides[0], 1))
    let order = transposed ? CblasTrans : CblasNoTrans
    let vector = spaced(x)
    let step = increment(vector)
    let scales = ScalarParameters(alpha, beta, as: y.dtype)
    switch y.dtype {
    case .float32:
      cblas_sgemv(
        CblasRowMajor, order, m, n, Float(alpha.doubleValue), plain.floats, leading,
        vector.floats, step, Float(beta.doubleValue), y.floats, 1)
    case .float64:
      cblas_dgemv(
        CblasRowMajor, order, m, n, alpha.doubleValue, plain.doubles, leading,
        vector.doubles, step, beta.doubleValue, y.doubles, 1)
    case .complex64:
      scales.withPointer {
        cblas_cgemv(
          CblasRowMajor, order, m, n, $0, plain.pointer, leading, vector.pointer, step, $0 + 8,
          y.pointer, 1)
      }
    default:
      scales.withPointer {
        cblas_zgemv(
          CblasRowMajor, order, m, n, $0, plain.pointer, leading, vector.pointer, step, $0 + 16,
          y.pointer, 1)
      }
    }
    withExtendedLifetime((matrix, vector)) {}
  }

  /// Whether the rows of a matrix lie without gaps between their elements, one after the other.
  private static func isPlain(_ a: NDArray) -> Bool {
    (a.strides[1] == 1 || a.shape[1] == 1) && (a.strides[0] >= a.shape[1] || a.shape[0] == 1)
  }
}

extension Kernels {
  /// The sum of the products of the elements of two vectors.
  public static func dot(_ self: NDArray, _ tensor: NDArray) -> NDArray {
    VectorProduct.dot(self, tensor, conjugating: false, "dot")
  }

  /// The sum of the products of the elements of two vectors, the first conjugated.
  public static func vdot(_ self: NDArray, _ other: NDArray) -> NDArray {
    VectorProduct.dot(self, other, conjugating: true, "vdot")
  }

  /// The product of a matrix and a vector, [m, k] × [k].
  public static func mv(_ self: NDArray, _ vec: NDArray) -> NDArray {
    addmv(zeros([], self.dtype), self, vec, 0, 1)
  }

  /// beta · self + alpha · mat vec for a matrix and a vector; self is ignored if beta is zero.
  public static func addmv(
    _ self: NDArray, _ mat: NDArray, _ vec: NDArray, _ beta: Scalar, _ alpha: Scalar
  ) -> NDArray {
    require(
      mat.rank == 2 && vec.rank == 1 && mat.shape[1] == vec.shape[0],
      "mv: expects a matrix and a vector that fits, not \(mat.shape) × \(vec.shape)")
    let isFast = mat.dtype.isDifferentiable && mat.dtype.byteSize >= 4
    guard isFast, mat.count > 0, mat.dtype == vec.dtype, self.dtype == mat.dtype else {
      let addend = self.rank == 0 ? self : unsqueeze(self, 1)
      return squeeze(MatrixProduct.fused(addend, mat, unsqueeze(vec, 1), beta, alpha, "mv"), 1)
    }
    let result = zeros([mat.shape[0]], mat.dtype)
    if !beta.isZero {
      require(
        self.shape.broadcast(with: result.shape) == result.shape,
        "addmv: shape \(self.shape) does not broadcast to the product's \(result.shape)")
      result.copy(from: self)
    }
    VectorProduct.multiply(mat, vec, into: result, alpha: alpha, beta: beta)
    return result
  }

  /// beta · self + alpha · mat1 mat2 for matrices; self is broadcast, and ignored if beta is zero.
  public static func addmm(
    _ self: NDArray, _ mat1: NDArray, _ mat2: NDArray, _ beta: Scalar, _ alpha: Scalar
  ) -> NDArray {
    require(
      mat1.rank == 2 && mat2.rank == 2,
      "addmm: expects matrices, not \(mat1.shape) × \(mat2.shape)")
    return MatrixProduct.fused(self, mat1, mat2, beta, alpha, "addmm")
  }

  /// beta · self + alpha · batch1 batch2 for batches of matrices; self is broadcast, and ignored if
  /// beta is zero.
  public static func baddbmm(
    _ self: NDArray, _ batch1: NDArray, _ batch2: NDArray, _ beta: Scalar, _ alpha: Scalar
  ) -> NDArray {
    require(
      batch1.rank == 3 && batch2.rank == 3 && batch1.shape[0] == batch2.shape[0],
      "baddbmm: expects two batches of equal size, not \(batch1.shape) × \(batch2.shape)")
    return MatrixProduct.fused(self, batch1, batch2, beta, alpha, "baddbmm")
  }
}
