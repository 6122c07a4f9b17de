import SounderArray

/// The layer number under which attention draws its dropout, unless it is given a stream.
private let dropoutLayer: UInt64 = 0x6174_7465_6e74_696f

/// softmax(scale · query keyᵀ + mask) value, with PyTorch's rules.
func attentionComposite(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, _ dropout: Double,
  _ isCausal: Bool, _ scale: Double?, _ enableGqa: Bool, _ stream: RandomStream?
) -> Tensor {
  require(
    query.rank >= 2 && key.rank >= 2 && value.rank >= 2,
    "scaled_dot_product_attention: expects at least matrices, not \(query.shape), \(key.shape) and "
      + "\(value.shape)")
  require(
    mask == nil || !isCausal, "scaled_dot_product_attention: both attn_mask and is_causal are given"
  )
  require(
    dropout >= 0 && dropout <= 1,
    "scaled_dot_product_attention: dropout_p is \(dropout), not a probability")
  let key = enableGqa ? repeated(key, like: query) : key
  let value = enableGqa ? repeated(value, like: query) : value
  let width = query.shape[query.rank - 1]
  let factor = scale ?? 1 / Double(width).squareRoot()
  if mask == nil, dropout == 0, isFused(query, key, value) {
    return query.scaledDotProductFlashAttention(key, value, isCausal, factor).output
  }
  var weights = attentionWeights(
    query, key, isCausal ? causalMask(query, key) : mask, factor)
  if dropout > 0 {
    let stream = stream ?? RandomContext.stream(for: dropoutLayer)
    weights = weights.nativeDropout(dropout, stream).output
  }
  return weights.matmul(value)
}

private func isFused(_ query: Tensor, _ key: Tensor, _ value: Tensor) -> Bool {
  let batch = Array(query.shape.dropLast(2))
  return query.dtype == .float32 && key.dtype == .float32 && value.dtype == .float32
    && batch == Array(key.shape.dropLast(2)) && batch == Array(value.shape.dropLast(2))
    && query.count > 0 && key.count > 0 && value.count > 0
}

/// Heads of keys or values, each repeated for the queries that share it.
private func repeated(_ x: Tensor, like query: Tensor) -> Tensor {
  require(
    x.rank >= 3 && query.rank >= 3,
    "scaled_dot_product_attention: enable_gqa needs a dimension of heads")
  let (heads, groups) = (query.shape[query.rank - 3], x.shape[x.rank - 3])
  if heads == groups { return x }
  require(
    groups > 0 && heads % groups == 0,
    "scaled_dot_product_attention: \(heads) heads of queries cannot share \(groups) heads")
  let axis = x.rank - 2
  var size = Array(x.shape)
  size.insert(heads / groups, at: axis)
  let expanded = x.unsqueeze(axis).expand(size)
  var merged = Array(x.shape)
  merged[axis - 1] = heads
  return expanded.reshape(merged)
}

/// Whether query i sees key j: the keys up to i.
private func causalMask(_ query: Tensor, _ key: Tensor) -> Tensor {
  let (rows, columns) = (query.shape[query.rank - 2], key.shape[key.rank - 2])
  let mask = NDArray(uninitialized: [rows, columns], .bool)
  for row in 0..<rows {
    let line = Kernels.select(mask, 0, row)
    let count = min(row + 1, columns)
    Kernels.slice(line, 0, 0, count).fill(true)
    Kernels.slice(line, 0, count, columns).fill(false)
  }
  return Tensor(mask)
}

/// softmax(scale · query keyᵀ + mask); rows that a mask of truth values hides wholly are zero.
private func attentionWeights(_ query: Tensor, _ key: Tensor, _ mask: Tensor?, _ scale: Double)
  -> Tensor
{
  var scores = query.matmul(key.transpose(-2, -1)) * Scalar.float(scale)
  guard let mask else { return scores.softmax(-1) }
  let isBool = mask.dtype == .bool
  scores =
    isBool
    ? mask.where(scores, Tensor(NDArray(scalar: .float(-.infinity), scores.dtype)))
    : scores + mask
  if scores.count == 0 { return scores.softmax(-1) }
  // A row of nothing but -∞ would become NaN.
  let isHidden = noGrad { scores.detach().amax(dim: [-1], keepdim: true).eq(.float(-.infinity)) }
  let hidesSome = Kernels.any(isHidden.array).item() != .bool(false)
  if !hidesSome { return scores.softmax(-1) }
  return scores.maskedFill(isHidden, 0).softmax(-1).maskedFill(isHidden, 0)
}

/// The gradient of a projection to queries, keys and values from theirs, in one pass over its memory.
func joinHeads(
  _ query: Tensor?, _ key: Tensor?, _ value: Tensor?, _ shape: Shape, _ heads: Int
) -> Tensor {
  let parts = [query, key, value]
  guard let known = parts.compactMap({ $0 }).first else { return Tensor.zeros(shape) }
  let rows = parts.map { ($0 ?? known.zerosLike()).permute([0, 2, 1, 3]) }
  return Tensor.stack(rows, dim: 2).reshape(Array(shape))
}

/// The gradients of attention without a mask: one kernel when they are only computed, a composition
/// when they are differentiated again.
func flashAttentionGradients(
  _ grad: Tensor, _ query: Tensor, _ key: Tensor, _ value: Tensor, _ output: Tensor,
  _ logSums: Tensor, _ isCausal: Bool, _ scale: Double,
  _ needs: (query: Bool, key: Bool, value: Bool)
) -> (Tensor?, Tensor?, Tensor?) {
  guard Modes.buildsOnGradients else {
    let (q, k, v) = Kernels.scaledDotProductFlashAttentionBackward(
      grad.array, query.array, key.array, value.array, output.array, logSums.array, isCausal, scale)
    return (
      needs.query ? Tensor(q) : nil, needs.key ? Tensor(k) : nil, needs.value ? Tensor(v) : nil
    )
  }
  let weights = attentionWeights(query, key, isCausal ? causalMask(query, key) : nil, scale)
  let change = weightsChange(grad.matmul(value.transpose(-2, -1)), weights) * Scalar.float(scale)
  return (
    needs.query ? change.matmul(key) : nil,
    needs.key ? change.transpose(-2, -1).matmul(query) : nil,
    needs.value ? weights.transpose(-2, -1).matmul(grad) : nil
  )
}

/// The softmax's derivative, which is symmetric.
private func weightsChange(_ change: Tensor, _ weights: Tensor) -> Tensor {
  weights * (change - (change * weights).sum([-1], keepdim: true))
}

func flashAttentionTangent(
  _ queryTangent: Tensor, _ keyTangent: Tensor, _ valueTangent: Tensor, _ query: Tensor,
  _ key: Tensor, _ value: Tensor, _ isCausal: Bool, _ scale: Double
) -> Tensor {
  let weights = attentionWeights(query, key, isCausal ? causalMask(query, key) : nil, scale)
  let scores =
    queryTangent.matmul(key.transpose(-2, -1)) + query.matmul(keyTangent.transpose(-2, -1))
  return weightsChange(scores * Scalar.float(scale), weights).matmul(value)
    + weights.matmul(valueTangent)
}
