import SounderArray

func dropoutGradient(_ grad: Tensor, _ mask: Tensor, _ p: Double) -> Tensor {
  grad * (mask.toDtype(grad.dtype) * (p < 1 ? 1 / (1 - p) : 0))
}

/// (softmax - one-hot)·grad.
func crossEntropyGradient(
  _ grad: Tensor, _ logits: Tensor, _ logProbabilities: Tensor, _ target: Tensor
) -> Tensor {
  guard Modes.buildsOnGradients else {
    return Tensor(
      Kernels.crossEntropyBackward(grad.array, logProbabilities.array, target.array))
  }
  return crossEntropyJacobian(logits, target) * grad.unsqueeze(1)
}

func crossEntropyJacobian(_ logits: Tensor, _ target: Tensor) -> Tensor {
  let ones = Tensor(Kernels.ones([target.count, 1], logits.dtype))
  return logits.softmax(1) - logits.zerosLike().scatterAdd(1, target.unsqueeze(1), ones)
}
