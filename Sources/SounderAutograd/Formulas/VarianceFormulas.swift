import SounderArray

/// 2·(x - mean)/(n - correction).
func varianceGradient(
  _ grad: Tensor, _ x: Tensor, _ dim: [Int]?, _ correction: Scalar?, _ keepdim: Bool
) -> Tensor {
  let divisor = reducedCount(x.shape, dim) - (correction ?? 1).doubleValue
  if !Modes.buildsOnGradients,
    let gradient = Kernels.varBackward(grad.array, x.array, dim, 2 / divisor)
  {
    return Tensor(gradient)
  }
  let centred = x - x.mean(dim, keepdim: true)
  return withReducedDimensions(grad, x.shape, dim, keepdim) * centred * (2 / divisor)
}

func varianceTangent(
  _ tangent: Tensor, _ x: Tensor, _ dim: [Int]?, _ correction: Scalar?, _ keepdim: Bool
) -> Tensor {
  let divisor = reducedCount(x.shape, dim) - (correction ?? 1).doubleValue
  let centred = x - x.mean(dim, keepdim: true)
  let product = realPart(tangent * centred.conj())
  return product.sum(dim, keepdim: keepdim) * (2 / divisor)
}

/// The variance's gradient over twice the deviation; zero, not infinite, where that is zero.
func deviationGradient(
  _ grad: Tensor, _ x: Tensor, _ result: Tensor, _ dim: [Int]?, _ correction: Scalar?,
  _ keepdim: Bool
) -> Tensor {
  let outer = (grad / (result * 2)).maskedFill(result.eq(0), 0)
  return varianceGradient(outer, x, dim, correction, keepdim)
}

func deviationTangent(
  _ tangent: Tensor, _ x: Tensor, _ result: Tensor, _ dim: [Int]?, _ correction: Scalar?,
  _ keepdim: Bool
) -> Tensor {
  let inner = varianceTangent(tangent, x, dim, correction, keepdim)
  return (inner / (result * 2)).maskedFill(result.eq(0), 0)
}

/// The real parts; a real tensor itself.
func realPart(_ x: Tensor) -> Tensor {
  switch x.dtype {
  case .complex64: x.toDtype(.float32)
  case .complex128: x.toDtype(.float64)
  default: x
  }
}
