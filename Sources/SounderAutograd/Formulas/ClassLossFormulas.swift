import SounderArray

/// The cross-entropy with classes or with class probabilities.
///
/// Rows of logits with int64 classes, without weights, take the fused kernel.
func crossEntropyComposite(
  _ logits: Tensor, _ target: Tensor, _ weight: Tensor?, _ ignoreIndex: Int, _ reduction: String,
  _ smoothing: Double
) -> Tensor {
  if logits.rank == 2, target.rank == 1, target.dtype == .int64, weight == nil, smoothing == 0,
    !Kernels.contains(target.array, ignoreIndex)
  {
    return reduceLoss(logits.crossEntropyForward(target).loss, reduction)
  }
  require(logits.rank > 0, "cross_entropy: the logits have no dimensions")
  require(
    smoothing >= 0 && smoothing <= 1,
    "cross_entropy: label_smoothing \(smoothing) is not between 0 and 1")
  let axis = logits.rank == 1 ? 0 : 1
  let logProbabilities = logits.logSoftmax(axis)
  if target.dtype.isFloatingPoint {
    return crossEntropyOfProbabilities(
      logProbabilities, target, weight, axis, reduction, smoothing)
  }
  let hard = nllLossComposite(logProbabilities, target, weight, ignoreIndex, reduction)
  if smoothing == 0 { return hard }
  let classes = Double(logits.shape[axis])
  let weighted = weight.map { logProbabilities * alongClasses($0, logits.rank, axis) }
  let isIgnored = target.eq(.int(ignoreIndex))
  let spread = (-(weighted ?? logProbabilities).sum([axis])).maskedFill(isIgnored, 0)
  var soft = spread
  if reduction == "sum" { soft = spread.sum() }
  if reduction == "mean" {
    soft = spread.sum() / classWeights(target, weight, isIgnored, logits).sum()
  }
  return hard * (1 - smoothing) + soft * (smoothing / classes)
}

private func crossEntropyOfProbabilities(
  _ logProbabilities: Tensor, _ target: Tensor, _ weight: Tensor?, _ axis: Int,
  _ reduction: String, _ smoothing: Double
) -> Tensor {
  require(
    target.shape == logProbabilities.shape,
    "cross_entropy: probabilities \(target.shape) do not fit logits \(logProbabilities.shape)")
  let classes = Double(target.shape[axis])
  let smooth = smoothing == 0 ? target : target * (1 - smoothing) + smoothing / classes
  var terms = -(logProbabilities * smooth)
  if let weight { terms = terms * alongClasses(weight, target.rank, axis) }
  if reduction == "mean" { return terms.sum() / (Double(target.count) / classes) }
  return reduceLoss(terms.sum([axis]), reduction)
}

/// The negative log-probabilities of classes; ignored ones count neither in the sum nor in the mean.
func nllLossComposite(
  _ input: Tensor, _ target: Tensor, _ weight: Tensor?, _ ignoreIndex: Int, _ reduction: String
) -> Tensor {
  require(input.rank > 0, "nll_loss: the input has no dimensions")
  let axis = input.rank == 1 ? 0 : 1
  var expected = Array(input.shape)
  expected.remove(at: axis)
  require(
    target.shape == Shape(expected) && !target.dtype.isDifferentiable,
    "nll_loss: classes \(target.dtype.name)\(target.shape) do not fit input \(input.shape)")
  let isIgnored = target.eq(.int(ignoreIndex))
  let classes = target.maskedFill(isIgnored, 0).toDtype(.int64)
  let weights = classWeights(target, weight, isIgnored, input)
  let picked = input.gather(axis, classes.unsqueeze(axis)).squeeze(axis)
  let loss = -(picked * weights).maskedFill(isIgnored, 0)
  return reduction == "mean" ? loss.sum() / weights.sum() : reduceLoss(loss, reduction)
}

/// The weight of each target's class, zero for ignored targets.
private func classWeights(
  _ target: Tensor, _ weight: Tensor?, _ isIgnored: Tensor, _ input: Tensor
) -> Tensor {
  guard let weight else { return isIgnored.logicalNot().toDtype(input.dtype) }
  let classes = input.shape[input.rank == 1 ? 0 : 1]
  require(
    weight.shape == [classes],
    "cross_entropy: weight \(weight.shape) does not fit \(classes) classes")
  let safe = target.maskedFill(isIgnored, 0).toDtype(.int64)
  return weight.indexSelect(0, safe.reshape([-1])).reshape(target.shape).maskedFill(isIgnored, 0)
}

/// A vector over the classes in a shape that broadcasts with the logits.
private func alongClasses(_ weight: Tensor, _ rank: Int, _ axis: Int) -> Tensor {
  var shape = [Int](repeating: 1, count: rank)
  shape[axis] = -1
  return weight.reshape(shape)
}
