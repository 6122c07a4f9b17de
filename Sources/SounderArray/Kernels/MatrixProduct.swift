import CKernels
import COpenBLAS

/// General matrix products through BLAS.
enum MatrixProduct {
  /// c = alpha a b + beta c for [m, k] × [k, n] of one inexact type, or for batches of them; c has
  /// rows without gaps.
  ///
  /// With beta = 0 what c holds does not matter.
  static func multiply(
    _ a: NDArray, _ b: NDArray, into c: NDArray, alpha: Scalar = 1, beta: Scalar
  ) {
    let row = c.rank - 2
    let (m, n) = (Int32(c.shape[row]), Int32(c.shape[row + 1]))
    let k = Int32(a.shape[row + 1])
    if c.count == 0 { return }
    if k == 0 {
      if beta.isZero { c.fill(0) } else if !beta.isOne { _ = Kernels.mul(c, beta, out: c) }
      return
    }
    BLAS.configure()
    let x = MatrixOperand(a)
    let y = MatrixOperand(b)
    let ldc = Int32(max(m == 1 ? Int(n) : c.strides[row], Int(n)))
    let step = c.rank == 3 ? c.strides[0] * c.dtype.byteSize : 0
    let scales = ScalarParameters(alpha, beta, as: c.dtype)
    let isTransposed = y.transpose == CblasTrans
    let isOfFewRows =
      c.dtype == .float32 && c.rank == 2 && alpha.isOne && (beta.isZero || beta.isOne)
      && x.transpose == CblasNoTrans
      && FewRowsProduct.serves(
        rows: Int(m), columns: Int(n), depth: Int(k), isTransposed: isTransposed)
    if isOfFewRows {
      let matrix = ck_few_rows_matrix(
        elements: y.array.floats, stride: Int(y.leading), columns: Int(n), depth: Int(k),
        transposed: isTransposed ? 1 : 0)
      FewRowsProduct.multiply(
        x.array.floats, stride: Int(x.leading), rows: Int(m), matrix, into: c.floats,
        stride: Int(ldc), adds: beta.isOne)
      return withExtendedLifetime((x, y)) {}
    }
    for batch in 0..<(c.rank == 3 ? c.shape[0] : 1) {
      let (left, right, target) = (x.matrix(batch), y.matrix(batch), c.pointer + batch * step)
      switch c.dtype {
      case .float32:
        cblas_sgemm(
          CblasRowMajor, x.transpose, y.transpose, m, n, k, Float(alpha.doubleValue),
          left.assumingMemoryBound(to: Float.self), x.leading,
          right.assumingMemoryBound(to: Float.self), y.leading, Float(beta.doubleValue),
          target.assumingMemoryBound(to: Float.self), ldc)
      case .float64:
        cblas_dgemm(
          CblasRowMajor, x.transpose, y.transpose, m, n, k, alpha.doubleValue,
          left.assumingMemoryBound(to: Double.self), x.leading,
          right.assumingMemoryBound(to: Double.self), y.leading, beta.doubleValue,
          target.assumingMemoryBound(to: Double.self), ldc)
      case .complex64:
        scales.withPointer {
          cblas_cgemm(
            CblasRowMajor, x.transpose, y.transpose, m, n, k, $0, left, x.leading, right,
            y.leading, $0 + 8, target, ldc)
        }
      default:
        scales.withPointer {
          cblas_zgemm(
            CblasRowMajor, x.transpose, y.transpose, m, n, k, $0, left, x.leading, right,
            y.leading, $0 + 16, target, ldc)
        }
      }
    }
    withExtendedLifetime((x, y)) {}
  }

  /// c = a b for integers, modulo the width of the type; c is contiguous.
  static func multiplyExactly(_ a: NDArray, _ b: NDArray, into c: NDArray) {
    guard let loop = ck_matmul(c.dtype.rawValue) else { return c.fill(0) }
    let row = c.rank - 2
    let (m, n, k) = (c.shape[row], c.shape[row + 1], a.shape[row + 1])
    for batch in 0..<(c.rank == 3 ? c.shape[0] : 1) {
      loop(
        c.address(batch * m * n), a.address(batch * (row == 0 ? 0 : a.strides[0])),
        a.strides[row], a.strides[row + 1], b.address(batch * (row == 0 ? 0 : b.strides[0])),
        b.strides[row], b.strides[row + 1], m, n, k)
    }
  }

  /// The product of matrices, or of two batches of them, into `out`, through a temporary if BLAS
  /// cannot write there.
  static func product(_ a: NDArray, _ b: NDArray, _ out: NDArray?, _ name: StaticString) -> NDArray
  {
    let shape = checkedShape(a, b, name)
    if let out {
      require(
        out.shape == shape, "\(name): the destination has shape \(out.shape), the result \(shape)")
    }
    var result = NDArray?.none
    // BLAS reads its operands while it writes, so the destination must be neither.
    if let out, out.dtype == a.dtype, isWritable(out), !out.mayOverlap(a), !out.mayOverlap(b) {
      result = out
    }
    let target = result ?? NDArray(uninitialized: shape, a.dtype)
    if a.dtype == .float16 || a.dtype == .bfloat16 {
      let wide = NDArray(uninitialized: shape, .float32)
      multiply(a.cast(to: .float32), b.cast(to: .float32), into: wide, beta: 0)
      target.copy(from: wide)
    } else if a.dtype.isDifferentiable {
      multiply(a, b, into: target, beta: 0)
    } else if target.isContiguous {
      multiplyExactly(a, b, into: target)
    } else {
      let exact = NDArray(uninitialized: shape, a.dtype)
      multiplyExactly(a, b, into: exact)
      target.copy(from: exact)
    }
    return result == nil ? Elementwise.deliver(target, out, name: name) : target
  }

  /// beta · addend + alpha · a b; the addend is broadcast, and ignored if beta is zero.
  static func fused(
    _ addend: NDArray, _ a: NDArray, _ b: NDArray, _ beta: Scalar, _ alpha: Scalar,
    _ name: StaticString
  ) -> NDArray {
    let shape = checkedShape(a, b, name)
    require(
      addend.dtype == a.dtype,
      "\(name): operands have different types (\(addend.dtype.name), \(a.dtype.name))")
    require(
      addend.shape.broadcast(with: shape) == shape,
      "\(name): shape \(addend.shape) does not broadcast to the product's \(shape)")
    let isComplex = a.dtype.isComplex
    require(
      isComplex || (beta.imaginary == 0 && alpha.imaginary == 0),
      "\(name): complex factors for \(a.dtype.name)")
    let result = NDArray(uninitialized: shape, a.dtype)
    if a.dtype.isDifferentiable && a.dtype.byteSize >= 4 {
      if !beta.isZero { result.copy(from: addend) }
      multiply(a, b, into: result, alpha: alpha, beta: beta)
      return result
    }
    let isInteger = !a.dtype.isDifferentiable
    let scale: Scalar = isInteger ? .int(alpha.intValue) : alpha
    let keep: Scalar = isInteger ? .int(beta.intValue) : beta
    var sum = Kernels.mul(product(a, b, nil, name), scale)
    if !keep.isZero { sum = Kernels.add(sum, Kernels.mul(addend, keep)) }
    return sum.cast(to: a.dtype)
  }

  /// The shape of a product, after checking that there is one.
  private static func checkedShape(_ a: NDArray, _ b: NDArray, _ name: StaticString) -> Shape {
    let row = a.rank - 2
    require(
      a.dtype == b.dtype,
      "\(name): operands have different types (\(a.dtype.name) × \(b.dtype.name))")
    require(a.dtype != .bool, "\(name): not defined for bool")
    require(
      a.shape[row + 1] == b.shape[row], "\(name): inner dimensions differ (\(a.shape) × \(b.shape))"
    )
    var shape = a.shape
    shape[row + 1] = b.shape[row + 1]
    return shape
  }

  /// Whether BLAS can write rows of these matrices.
  private static func isWritable(_ c: NDArray) -> Bool {
    let (rows, columns) = (c.rank - 2, c.rank - 1)
    return (c.strides[columns] == 1 || c.shape[columns] == 1)
      && (c.strides[rows] >= c.shape[columns] || c.shape[rows] == 1)
      && (c.rank == 2 || c.shape[0] == 1 || c.strides[0] >= c.shape[1] * c.strides[rows])
  }
}

extension Scalar {
  /// Whether this is the number zero.
  var isZero: Bool { doubleValue == 0 && imaginary == 0 }
}
