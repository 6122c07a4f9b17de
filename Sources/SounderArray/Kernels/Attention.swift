import CKernels

/// The heads of attention: matrices in the last two dimensions, counted over the leading ones.
private struct Heads {
  let batch: Shape

  init(_ array: NDArray) { batch = Shape(array.shape.dropLast(2)) }

  /// The rows of one head of an array.
  func rows(_ array: NDArray, _ head: Int) -> ck_attention_rows {
    var rest = head
    var offset = 0
    for axis in batch.indices.reversed() {
      offset += rest % batch[axis] * array.strides[axis]
      rest /= batch[axis]
    }
    return ck_attention_rows(data: array.floats + offset, stride: array.strides[array.rank - 2])
  }

  /// The array itself if the elements of its rows lie next to each other, else a copy.
  static func prepared(_ array: NDArray) -> NDArray {
    let axis = array.rank - 1
    return array.strides[axis] == 1 || array.shape[axis] == 1 ? array : array.copied()
  }

  /// A new array whose heads lie in memory as those of another: between the rows, or after each other.
  static func make(_ shape: Shape, like other: NDArray) -> NDArray {
    guard shape.count == 4, other.strides[1] < other.strides[2] else {
      return NDArray(uninitialized: shape, .float32)
    }
    return Kernels.transpose(
      NDArray(uninitialized: [shape[0], shape[2], shape[1], shape[3]], .float32), 1, 2)
  }
}

extension Kernels {
  /// softmax(scale · query keyᵀ) value for heads in the leading dimensions, and the logarithm of the
  /// sum of exponentials of each row of scores; with `isCausal` query i sees the keys up to i.
  ///
  /// For float32 the scores are made and used a block at a time and never stored.
  public static func scaledDotProductFlashAttention(
    _ query: NDArray, _ key: NDArray, _ value: NDArray, _ isCausal: Bool, _ scale: Double
  ) -> (NDArray, NDArray) {
    let shape = attentionShape(query, key, value, isCausal, scale)
    guard query.dtype == .float32 else {
      return attentionByDefinition(query, key, value, isCausal, scale)
    }
    var rows = Shape(query.shape.dropLast())
    let logSums = NDArray(uninitialized: rows, .float32)
    rows.append(shape.value_width)
    let result = Heads.make(rows, like: query)
    let (q, k, v) = (Heads.prepared(query), Heads.prepared(key), Heads.prepared(value))
    let heads = Heads(query)
    withUnsafePointer(to: shape) { shape in
      let scratch = NDArray(uninitialized: [ck_attention_scratch(shape, 0)], .float32)
      for head in 0..<heads.batch.elementCount {
        ck_attention(
          shape, heads.rows(result, head), logSums.floats + head * shape.pointee.queries,
          heads.rows(q, head), heads.rows(k, head), heads.rows(v, head), scratch.floats)
      }
    }
    return (result, logSums)
  }

  /// The gradients of query, key and value of ``scaledDotProductFlashAttention(_:_:_:_:_:)``.
  public static func scaledDotProductFlashAttentionBackward(
    _ grad: NDArray, _ query: NDArray, _ key: NDArray, _ value: NDArray, _ output: NDArray,
    _ logsumexp: NDArray, _ isCausal: Bool, _ scale: Double
  ) -> (NDArray, NDArray, NDArray) {
    let shape = attentionShape(query, key, value, isCausal, scale)
    require(
      grad.shape == output.shape && Array(output.shape.dropLast()) == Array(logsumexp.shape)
        && logsumexp.shape == Shape(query.shape.dropLast())
        && output.shape[output.rank - 1] == shape.value_width,
      "attention: gradient \(grad.shape) and output \(output.shape) do not fit query \(query.shape)"
    )
    guard query.dtype == .float32 else {
      return attentionGradientsByDefinition(grad, query, key, value, isCausal, scale)
    }
    let gradients = [query, key, value].map { Heads.make($0.shape, like: $0) }
    let (q, k, v) = (Heads.prepared(query), Heads.prepared(key), Heads.prepared(value))
    let (arriving, result) = (
      Heads.prepared(grad.cast(to: .float32)), Heads.prepared(output.cast(to: .float32))
    )
    let logSums = logsumexp.cast(to: .float32).contiguous()
    let heads = Heads(query)
    withUnsafePointer(to: shape) { shape in
      let scratch = NDArray(uninitialized: [ck_attention_scratch(shape, 1)], .float32)
      for head in 0..<heads.batch.elementCount {
        ck_attention_backward(
          shape, heads.rows(gradients[0], head), heads.rows(gradients[1], head),
          heads.rows(gradients[2], head), heads.rows(arriving, head), heads.rows(result, head),
          logSums.floats + head * shape.pointee.queries, heads.rows(q, head),
          heads.rows(k, head), heads.rows(v, head), scratch.floats)
      }
    }
    return (gradients[0], gradients[1], gradients[2])
  }

  /// The queries, keys and values in the rows of one projection `[batch, length, 3 · width]`, as views
  /// `[batch, heads, length, width / heads]`.
  public static func splitHeads(_ self: NDArray, _ heads: Int) -> (NDArray, NDArray, NDArray) {
    require(
      self.rank == 3 && heads > 0 && self.shape[2] % (3 * heads) == 0,
      "split_heads: shape \(self.shape) cannot be split into \(heads) heads of queries, keys and values"
    )
    let width = self.shape[2] / 3 / heads
    let parts = view(self, [self.shape[0], self.shape[1], 3, heads, width])
    func part(_ index: Int) -> NDArray { transpose(select(parts, 2, index), 1, 2) }
    return (part(0), part(1), part(2))
  }

  private static func attentionShape(
    _ query: NDArray, _ key: NDArray, _ value: NDArray, _ isCausal: Bool, _ scale: Double
  ) -> ck_attention_shape {
    let rank = query.rank
    require(
      rank >= 2 && key.rank == rank && value.rank == rank && query.dtype == key.dtype
        && query.dtype == value.dtype && query.dtype.isFloatingPoint,
      "attention: query, key and value differ in type or rank (\(query.shape), \(key.shape), "
        + "\(value.shape))")
    require(
      Array(query.shape.dropLast(2)) == Array(key.shape.dropLast(2))
        && Array(query.shape.dropLast(2)) == Array(value.shape.dropLast(2))
        && query.shape[rank - 1] == key.shape[rank - 1]
        && key.shape[rank - 2] == value.shape[rank - 2],
      "attention: shapes \(query.shape), \(key.shape) and \(value.shape) do not fit")
    return ck_attention_shape(
      queries: query.shape[rank - 2], keys: key.shape[rank - 2], width: query.shape[rank - 1],
      value_width: value.shape[rank - 1], scale: Float(scale), causal: isCausal ? 1 : 0)
  }

  /// The weights of attention, and the logarithm of the sum of exponentials of each row of scores.
  private static func attentionWeights(
    _ query: NDArray, _ key: NDArray, _ isCausal: Bool, _ scale: Double
  ) -> (NDArray, NDArray) {
    let scores = mul(matmul(query, transpose(key, -2, -1)), .float(scale))
    if isCausal {
      for row in 0..<scores.shape[scores.rank - 2] {
        slice(select(scores, -2, row), -1, row + 1).fill(.float(-.infinity))
      }
    }
    return (softmax(scores, -1), logsumexp(scores, [-1], false))
  }

  private static func attentionByDefinition(
    _ query: NDArray, _ key: NDArray, _ value: NDArray, _ isCausal: Bool, _ scale: Double
  ) -> (NDArray, NDArray) {
    let (weights, logSums) = attentionWeights(query, key, isCausal, scale)
    return (matmul(weights, value), logSums)
  }

  private static func attentionGradientsByDefinition(
    _ grad: NDArray, _ query: NDArray, _ key: NDArray, _ value: NDArray, _ isCausal: Bool,
    _ scale: Double
  ) -> (NDArray, NDArray, NDArray) {
    let weights = attentionWeights(query, key, isCausal, scale).0
    let change = softmaxBackward(matmul(grad, transpose(value, -2, -1)), weights, -1)
    let scores = mul(change, .float(scale))
    return (
      matmul(scores, key), matmul(transpose(scores, -2, -1), query),
      matmul(transpose(weights, -2, -1), grad)
    )
  }
}
