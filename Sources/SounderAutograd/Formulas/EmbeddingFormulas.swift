import SounderArray

/// The rows of a table, with the options of PyTorch's function.
///
/// Indices and table may come in either order: PyTorch's function takes the indices first, a layer has
/// the table.
func embeddingComposite(
  _ indices: Tensor, _ weight: Tensor, _ paddingIndex: Int?, _ maxNorm: Double?,
  _ scaleByFrequency: Bool, _ sparse: Bool
) -> Tensor {
  if indices.dtype.isDifferentiable && !weight.dtype.isDifferentiable {
    return embeddingComposite(
      weight, indices, paddingIndex, maxNorm, scaleByFrequency, sparse)
  }
  require(
    maxNorm == nil, "embedding: max_norm, which changes the weight, is not supported")
  require(!sparse, "embedding: sparse gradients are not supported")
  require(
    weight.rank == 2, "embedding: the weight has shape \(weight.shape), not two dimensions")
  let rows = weight.shape[0]
  if let paddingIndex {
    require(
      paddingIndex >= -rows && paddingIndex < rows,
      "embedding: padding_idx \(paddingIndex) is not one of \(rows) rows")
  }
  return weight.embeddingLookup(
    indices, paddingIdx: paddingIndex.map { $0 < 0 ? $0 + rows : $0 },
    scaleGradByFreq: scaleByFrequency)
}

func embeddingGradient(
  _ grad: Tensor, _ indices: Tensor, _ count: Int, _ paddingIndex: Int?, _ scaleByFrequency: Bool,
  into destination: GradientDestination?
) -> Tensor {
  var grad = grad
  if scaleByFrequency {
    let frequency = indices.reshape([indices.count]).bincount()
    let share = frequency.indexSelect(0, indices.reshape([indices.count])).reshape(indices.shape)
    grad = grad / share.toDtype(grad.dtype).unsqueeze(-1)
  }
  guard let destination else { return grad.embeddingDenseBackward(indices, count, paddingIndex) }
  return Tensor(
    Kernels.embeddingDenseBackward(
      grad.array, indices.array, count, paddingIndex, out: destination.array))
}

/// The rows of a table at the given indices, zeros at the padding index.
func embeddingRows(_ table: Tensor, _ indices: Tensor, _ paddingIndex: Int?) -> Tensor {
  let rows = table.embeddingLookup(indices)
  guard let paddingIndex else { return rows }
  return rows.maskedFill(indices.eq(.int(paddingIndex)).unsqueeze(-1), 0)
}
