import SounderArray

/// A reduced tensor, spread again over the shape it was reduced from.
func expandReduced(_ reduced: Tensor, _ shape: Shape, _ dim: [Int]?, _ keepdim: Bool) -> Tensor {
  var result = reduced
  if !keepdim, let dim, !dim.isEmpty, !shape.isEmpty {
    for axis in dim.map({ shape.axis($0, "reduction") }).sorted() {
      result = result.unsqueeze(axis)
    }
  }
  return result.shape == shape ? result : result.expand(shape)
}

/// How many elements go into one of the result.
func reducedCount(_ shape: Shape, _ dim: [Int]?) -> Double {
  guard let dim, !dim.isEmpty, !shape.isEmpty else { return Double(shape.elementCount) }
  return Double(dim.reduce(1) { $0 * shape[shape.axis($1, "mean")] })
}

/// The gradient of the largest elements, shared evenly at a tie.
func extremeGradient(
  _ grad: Tensor, _ x: Tensor, _ result: Tensor, _ dim: [Int], _ keepdim: Bool
) -> Tensor {
  let share = extremeShare(x, result, dim, keepdim)
  return expandReduced(grad, x.shape, dim, keepdim) * share
}

func extremeTangent(
  _ tangent: Tensor, _ x: Tensor, _ result: Tensor, _ dim: [Int], _ keepdim: Bool
) -> Tensor {
  (tangent * extremeShare(x, result, dim, keepdim)).sum(dim.isEmpty ? nil : dim, keepdim: keepdim)
}

private func extremeShare(_ x: Tensor, _ result: Tensor, _ dim: [Int], _ keepdim: Bool) -> Tensor {
  let isExtreme = x.eq(expandReduced(result, x.shape, dim, keepdim)).toDtype(x.dtype)
  return isExtreme / isExtreme.sum(dim.isEmpty ? nil : dim, keepdim: true)
}

/// 2·(x - mean)/(n - correction).
func varianceGradient(
  _ grad: Tensor, _ x: Tensor, _ dim: [Int]?, _ correction: Int, _ keepdim: Bool
) -> Tensor {
  let divisor = reducedCount(x.shape, dim) - Double(correction)
  let centred = x - x.mean(dim, keepdim: true)
  return expandReduced(grad, x.shape, dim, keepdim) * centred * (2 / divisor)
}

func varianceTangent(
  _ tangent: Tensor, _ x: Tensor, _ dim: [Int]?, _ correction: Int, _ keepdim: Bool
) -> Tensor {
  let divisor = reducedCount(x.shape, dim) - Double(correction)
  let centred = x - x.mean(dim, keepdim: true)
  return (tangent * centred).sum(dim, keepdim: keepdim) * (2 / divisor)
}

func softmaxBackwardTangent(
  _ outputTangent: Tensor, _ gradOutput: Tensor, _ output: Tensor, _ dim: Int
) -> Tensor {
  let inner = (gradOutput * output).sum([dim], keepdim: true)
  let change = (gradOutput * outputTangent).sum([dim], keepdim: true)
  return outputTangent * (gradOutput - inner) - output * change
}

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
