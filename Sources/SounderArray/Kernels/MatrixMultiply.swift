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
    return MatrixProduct.product(self, mat2, out, "bmm")
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
      _ = bias == nil ? copy(matrix, product, out: matrix) : add(matrix, product, out: matrix)
    }
    return Elementwise.deliver(result, out, name: "linear")
  }
}
