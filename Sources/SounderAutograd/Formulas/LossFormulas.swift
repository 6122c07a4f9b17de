import SounderArray

/// Applies PyTorch's `reduction` argument to a loss per element.
func reduceLoss(_ loss: Tensor, _ reduction: String) -> Tensor {
  switch reduction {
  case "mean": return loss.mean()
  case "sum": return loss.sum()
  default:
    require(
      reduction == "none", "loss: reduction must be 'none', 'mean' or 'sum', not '\(reduction)'")
    return loss
  }
}

/// Applies weights and a `reduction`; the mean divides by the weights.
func weightedLoss(_ loss: Tensor, _ weight: Tensor?, _ reduction: String) -> Tensor {
  guard let weight else { return reduceLoss(loss, reduction) }
  require(
    weight.shape == loss.shape,
    "loss: weight \(weight.shape) and input \(loss.shape) differ in shape")
  let weighted = loss * weight
  if reduction != "mean" { return reduceLoss(weighted, reduction) }
  return weighted.sum() / weight.sum()
}

func smoothL1Terms(_ difference: Tensor, _ beta: Double) -> Tensor {
  let magnitude = difference.abs()
  if beta == 0 { return magnitude }
  let quadratic = difference.square() * (0.5 / beta)
  return magnitude.lt(.float(beta)).where(quadratic, magnitude - 0.5 * beta)
}

func huberComposite(
  _ input: Tensor, _ target: Tensor, _ reduction: String, _ delta: Double, _ weight: Tensor?
) -> Tensor {
  let difference = input - target
  let magnitude = difference.abs()
  let linear = (magnitude - 0.5 * delta) * delta
  let loss = magnitude.lt(.float(delta)).where(difference.square() * 0.5, linear)
  return reduceLoss(weight.map { loss * $0 } ?? loss, reduction)
}

/// (p - t)/(p·(1 - p)), limited where the denominator vanishes.
func binaryCrossEntropyDerivative(_ probability: Tensor, _ target: Tensor) -> Tensor {
  (probability - target) / ((1 - probability) * probability).clamp(min: 1e-12)
}

func binaryCrossEntropyComposite(
  _ probability: Tensor, _ target: Tensor, _ weight: Tensor?, _ reduction: String
) -> Tensor {
  require(
    probability.shape == target.shape,
    "binary_cross_entropy: input \(probability.shape) and target \(target.shape) differ in shape")
  let loss = probability.binaryCrossEntropyTerms(target)
  return reduceLoss(weight.map { loss * $0 } ?? loss, reduction)
}

func binaryCrossEntropyOfLogits(
  _ logits: Tensor, _ target: Tensor, _ weight: Tensor?, _ reduction: String,
  _ positiveWeight: Tensor?
) -> Tensor {
  require(
    logits.shape == target.shape,
    "binary_cross_entropy_with_logits: input \(logits.shape) and target \(target.shape) differ")
  // log σ(x) = m - log(1 + e^(2m - x)) with m = min(x, 0): no overflow, and smooth at zero.
  let low = logits.clamp(max: 0)
  let logSigmoid = low - (low * 2 - logits).exp().log1p()
  var negated = -logSigmoid
  if let positiveWeight { negated = negated * ((positiveWeight - 1) * target + 1) }
  let loss = (1 - target) * logits + negated
  return reduceLoss(weight.map { loss * $0 } ?? loss, reduction)
}

func klDivergence(_ input: Tensor, _ target: Tensor, _ reduction: String, _ logTarget: Bool)
  -> Tensor
{
  let loss =
    logTarget
    ? target.exp() * (target - input)
    : (target * target.log()).maskedFill(target.eq(0), 0) - target * input
  guard reduction == "batchmean" else { return reduceLoss(loss, reduction) }
  return input.rank == 0 ? loss : loss.sum() / Double(input.shape[0])
}

func tripletComposite(
  _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, _ margin: Double, _ p: Double,
  _ eps: Double, _ swap: Bool, _ reduction: String
) -> Tensor {
  func distance(_ a: Tensor, _ b: Tensor) -> Tensor {
    vectorNorm(a - b + eps, p, [-1], false, nil)
  }
  let near = distance(anchor, positive)
  var far = distance(anchor, negative)
  if swap { far = far.minimum(distance(positive, negative)) }
  return reduceLoss((near - far + margin).clamp(min: 0), reduction)
}
