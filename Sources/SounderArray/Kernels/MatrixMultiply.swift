import COpenBLAS

/// A matrix in the form BLAS takes: rows a leading dimension apart, possibly transposed.
private struct Operand {
  let base: UnsafeMutableRawPointer
  let leading: Int32
  let transpose: CBLAS_TRANSPOSE
  /// Keeps a copy alive while BLAS reads it.
  let array: NDArray

  /// A view of a two-dimensional array; copied only if neither of its strides is 1.
  init(_ source: NDArray, isDestination: Bool = false) {
    let (rows, columns) = (source.shape[0], source.shape[1])
    let (rowStride, columnStride) = (source.strides[0], source.strides[1])
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
    base = array.pointer
  }
}

/// General matrix products through BLAS.
enum MatrixProduct {
  /// c = a b + beta c for [m, k] × [k, n] of one inexact type; c has rows without gaps.
  static func multiply(_ a: NDArray, _ b: NDArray, into c: NDArray, beta: Double) {
    let (m, n, k) = (Int32(a.shape[0]), Int32(b.shape[1]), Int32(a.shape[1]))
    if m == 0 || n == 0 { return }
    if k == 0 {
      if beta == 0 { c.fill(0) }
      return
    }
    BLAS.configure()
    let x = Operand(a)
    let y = Operand(b)
    let ldc = Int32(max(m == 1 ? Int(n) : c.strides[0], Int(n)))
    switch c.dtype {
    case .float32:
      cblas_sgemm(
        CblasRowMajor, x.transpose, y.transpose, m, n, k, 1,
        x.base.assumingMemoryBound(to: Float.self),
        x.leading, y.base.assumingMemoryBound(to: Float.self), y.leading, Float(beta),
        c.pointer.assumingMemoryBound(to: Float.self), ldc)
    case .float64:
      cblas_dgemm(
        CblasRowMajor, x.transpose, y.transpose, m, n, k, 1,
        x.base.assumingMemoryBound(to: Double.self),
        x.leading, y.base.assumingMemoryBound(to: Double.self), y.leading, beta,
        c.pointer.assumingMemoryBound(to: Double.self), ldc)
    case .complex64:
      let one: [Float] = [1, 0]
      let scale: [Float] = [Float(beta), 0]
      cblas_cgemm(
        CblasRowMajor, x.transpose, y.transpose, m, n, k, one, x.base, x.leading, y.base,
        y.leading, scale, c.pointer, ldc)
    default:
      let one: [Double] = [1, 0]
      let scale: [Double] = [beta, 0]
      cblas_zgemm(
        CblasRowMajor, x.transpose, y.transpose, m, n, k, one, x.base, x.leading, y.base,
        y.leading, scale, c.pointer, ldc)
    }
    withExtendedLifetime((x, y)) {}
  }

  /// Products of integers: row by row, as sums of scaled rows of b.
  static func multiplyExactly(_ a: NDArray, _ b: NDArray, into c: NDArray) {
    c.fill(0)
    for row in 0..<a.shape[0] {
      let target = Kernels.select(c, 0, row)
      for inner in 0..<a.shape[1] {
        let factor = Scalar(at: a.address(row * a.strides[0] + inner * a.strides[1]), as: a.dtype)
        _ = Kernels.add(target, Kernels.mul(Kernels.select(b, 0, inner), factor), out: target)
      }
    }
  }

  /// The product into `out`, through a temporary if BLAS cannot write there.
  static func product(_ a: NDArray, _ b: NDArray, _ out: NDArray?, _ name: StaticString) -> NDArray
  {
    let shape: Shape = [a.shape[0], b.shape[1]]
    require(
      a.dtype == b.dtype,
      "\(name): operands have different types (\(a.dtype.name) × \(b.dtype.name))")
    require(
      a.shape[1] == b.shape[0], "\(name): inner dimensions differ (\(a.shape) × \(b.shape))")
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
    } else {
      require(a.dtype != .bool, "\(name): not defined for bool")
      multiplyExactly(a, b, into: target)
    }
    return result == nil ? Elementwise.deliver(target, out, name: name) : target
  }

  /// Whether BLAS can write rows of this matrix.
  static func isWritable(_ c: NDArray) -> Bool {
    (c.strides[1] == 1 || c.shape[1] == 1) && (c.strides[0] >= c.shape[1] || c.shape[0] == 1)
  }
}

extension Kernels {
  /// The matrix product [m, k] × [k, n].
  public static func mm(_ self: NDArray, _ mat2: NDArray, out: NDArray? = nil) -> NDArray {
    require(
      self.rank == 2 && mat2.rank == 2, "mm: expects matrices, not \(self.shape) × \(mat2.shape)")
    return MatrixProduct.product(self, mat2, out, "mm")
  }

  /// Matrix products of two batches, [b, m, k] × [b, k, n].
  public static func bmm(_ self: NDArray, _ mat2: NDArray, out: NDArray? = nil) -> NDArray {
    require(
      self.rank == 3 && mat2.rank == 3 && self.shape[0] == mat2.shape[0],
      "bmm: expects two batches of equal size, not \(self.shape) × \(mat2.shape)")
    let shape: Shape = [self.shape[0], self.shape[1], mat2.shape[2]]
    let result = Elementwise.destination(out, shape, self.dtype, name: "bmm")
    for batch in 0..<self.shape[0] {
      _ = MatrixProduct.product(
        select(self, 0, batch), select(mat2, 0, batch), select(result, 0, batch), "bmm")
    }
    return Elementwise.deliver(result, out, name: "bmm")
  }

  /// The product of vectors, matrices or batches of matrices, with PyTorch's rules for each.
  public static func matmul(_ self: NDArray, _ other: NDArray) -> NDArray {
    require(
      self.rank > 0 && other.rank > 0,
      "matmul: zero-dimensional operand (\(self.shape) × \(other.shape))")
    let a = self.rank == 1 ? unsqueeze(self, 0) : self
    let b = other.rank == 1 ? unsqueeze(other, 1) : other
    require(
      a.shape[a.rank - 1] == b.shape[b.rank - 2],
      "matmul: inner dimensions differ (\(self.shape) × \(other.shape))")
    var product = batched(a, b)
    if other.rank == 1 { product = squeeze(product, -1) }
    if self.rank == 1 { product = squeeze(product, other.rank == 1 ? -1 : -2) }
    return product
  }

  private static func batched(_ a: NDArray, _ b: NDArray) -> NDArray {
    if a.rank == 2 && b.rank == 2 { return mm(a, b) }
    let (m, k, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1], b.shape[b.rank - 1])
    if b.rank == 2 {
      // One product over all rows.
      let rows = reshape(a, [a.count / Swift.max(k, 1), k])
      if k > 0 { return reshape(mm(rows, b), [Int](a.shape.dropLast()) + [n]) }
    }
    let left = Shape(a.shape.dropLast(2))
    let right = Shape(b.shape.dropLast(2))
    guard let batch = left.broadcast(with: right) else {
      failRequirement(
        "matmul: batches do not broadcast (\(a.shape) × \(b.shape))", #fileID, #line)
    }
    let count = batch.elementCount
    let x = reshape(expand(a, [Int](batch) + [m, k]), [count, m, k])
    let y = reshape(expand(b, [Int](batch) + [k, n]), [count, k, n])
    return reshape(bmm(x, y), [Int](batch) + [m, n])
  }

  /// input weightᵀ + bias for an input of shape [*, in] and a weight of shape [out, in].
  public static func linear(
    _ input: NDArray, _ weight: NDArray, _ bias: NDArray? = nil, out: NDArray? = nil
  ) -> NDArray {
    require(
      input.rank > 0 && weight.rank == 2 && input.shape[input.rank - 1] == weight.shape[1],
      "linear: input \(input.shape) does not fit weight \(weight.shape)")
    require(
      input.dtype == weight.dtype && (bias.map { $0.dtype == input.dtype } ?? true),
      "linear: input, weight and bias have different types")
    let features = weight.shape[0]
    let inputs = weight.shape[1]
    var shape = input.shape
    shape[input.rank - 1] = features
    let rows = shape.dropLast().reduce(1, *)
    let x = input.rank == 2 ? input : reshape(input, [rows, inputs])
    let direct =
      out.map { $0.dtype == input.dtype && $0.isContiguous && $0.shape == shape } ?? false
    let result =
      direct ? out ?? input : NDArray(uninitialized: shape, input.dtype)
    let matrix = result.viewed([rows, features], [features, 1])
    if let bias {
      require(
        bias.shape == [features], "linear: bias \(bias.shape) does not fit weight \(weight.shape)")
      matrix.copy(from: bias)
    }
    if input.dtype.rawValue >= DType.float32.rawValue {
      MatrixProduct.multiply(x, t(weight), into: matrix, beta: bias == nil ? 0 : 1)
    } else {
      let product = MatrixProduct.product(x, t(weight), nil, "linear")
      _ = bias == nil ? copy_(matrix, product) : add(matrix, product, out: matrix)
    }
    return Elementwise.deliver(result, out, name: "linear")
  }
}
