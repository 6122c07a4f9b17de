import SounderArray

/// The gradients of layer normalisation for input, weight and bias.
///
/// One fused kernel when gradients are only computed, a composition of operators when they are
/// differentiated again.
func layerNormGradients(
  _ grad: Tensor, _ input: Tensor, _ shape: [Int], _ mean: Tensor, _ rstd: Tensor,
  _ weight: Tensor?, _ needsInput: Bool, _ needsWeight: Bool, _ needsBias: Bool
) -> (Tensor?, Tensor?, Tensor?) {
  guard Modes.recording else {
    let (gradInput, gradWeight, gradBias) = Kernels.nativeLayerNormBackward(
      grad.array, input.array, shape, mean.array, rstd.array, weight?.array,
      needsInput, needsWeight, needsBias)
    return (
      gradInput.map { Tensor($0) }, gradWeight.map { Tensor($0) }, gradBias.map { Tensor($0) }
    )
  }
  let inner = Array((input.rank - shape.count)..<input.rank)
  let outer = Array(0..<(input.rank - shape.count))
  // The saved statistics are constants; the second derivative needs them as functions of the input.
  let centred = input - input.mean(inner, keepdim: true)
  let scale = rsqrtOfVariance(centred, inner, rstd, input, shape)
  let normal = centred * scale
  let scaled = weight.map { grad * $0 } ?? grad
  let projected =
    scaled - scaled.mean(inner, keepdim: true)
    - normal * (scaled * normal).mean(inner, keepdim: true)
  return (
    needsInput ? projected * scale : nil,
    needsWeight ? (grad * normal).sum(outer.isEmpty ? [] : outer).reshape(shape) : nil,
    needsBias ? grad.sum(outer.isEmpty ? [] : outer).reshape(shape) : nil
  )
}

/// 1/√(var + eps) as a function of the input; eps follows from the saved value.
private func rsqrtOfVariance(
  _ centred: Tensor, _ inner: [Int], _ rstd: Tensor, _ input: Tensor, _ shape: [Int]
) -> Tensor {
  let variance = (centred * centred).mean(inner, keepdim: true)
  let epsilon = noGrad { 1 / (rstd * rstd).reshape(variance.shape) - variance }
  return (variance + epsilon).rsqrt()
}

func layerNormTangent(
  _ inputTangent: Tensor, _ weightTangent: Tensor?, _ biasTangent: Tensor?, _ input: Tensor,
  _ shape: [Int], _ weight: Tensor?, _ eps: Double
) -> Tensor {
  let inner = Array((input.rank - shape.count)..<input.rank)
  let centred = input - input.mean(inner, keepdim: true)
  let scale = ((centred * centred).mean(inner, keepdim: true) + eps).rsqrt()
  let normal = centred * scale
  let change = inputTangent - inputTangent.mean(inner, keepdim: true)
  var tangent = (change - normal * (change * normal).mean(inner, keepdim: true)) * scale
  if let weight { tangent = tangent * weight }
  if let weightTangent { tangent = tangent + normal * weightTangent }
  if let biasTangent { tangent = tangent + biasTangent }
  return tangent
}

func dropoutGradient(_ grad: Tensor, _ mask: Tensor, _ p: Double) -> Tensor {
  grad * (mask.toDtype(grad.dtype) * (p < 1 ? 1 / (1 - p) : 0))
}

/// (softmax - one-hot)·grad.
func crossEntropyGradient(
  _ grad: Tensor, _ logits: Tensor, _ logProbabilities: Tensor, _ target: Tensor
) -> Tensor {
  guard Modes.recording else {
    return Tensor(
      Kernels.crossEntropyBackward(grad.array, logProbabilities.array, target.array))
  }
  return crossEntropyJacobian(logits, target) * grad.unsqueeze(1)
}

func crossEntropyJacobian(_ logits: Tensor, _ target: Tensor) -> Tensor {
  let ones = Tensor(Kernels.ones([target.count, 1], logits.dtype))
  return logits.softmax(1) - logits.zerosLike().scatterAdd(1, target.unsqueeze(1), ones)
}

func embeddingGradient(
  _ grad: Tensor, _ indices: Tensor, _ count: Int, _ paddingIndex: Int, into destination: NDArray?
) -> Tensor {
  guard let destination else { return grad.embeddingDenseBackward(indices, count, paddingIndex) }
  return Tensor(
    Kernels.embeddingDenseBackward(
      grad.array, indices.array, count, paddingIndex, out: destination))
}

/// The rows of a table at the given indices, zeros at the padding index.
func embeddingRows(_ table: Tensor, _ indices: Tensor, _ paddingIndex: Int) -> Tensor {
  let rows = table.embedding(indices)
  guard paddingIndex >= 0 else { return rows }
  return rows.maskedFill(indices.eq(.int(paddingIndex)).unsqueeze(-1), 0)
}
