import SounderArray

/// The gradient passes where the element lies within the limits, the limits included.
func clampGradient(_ grad: Tensor, _ x: Tensor, _ low: Scalar?, _ high: Scalar?) -> Tensor {
  var result = grad
  if let low { result = x.ge(low).where(result, 0) }
  if let high { result = x.le(high).where(result, 0) }
  return result
}

func clampGradient(_ grad: Tensor, _ x: Tensor, _ low: Tensor?, _ high: Tensor?) -> Tensor {
  var result = grad
  if let low { result = x.ge(low).where(result, 0) }
  if let high { result = x.le(high).where(result, 0) }
  return result
}

/// The lower limit gets the gradient where it is the result: not where the upper one lies below it.
func clampGradientMin(_ grad: Tensor, _ x: Tensor, _ low: Tensor?, _ high: Tensor?) -> Tensor {
  guard let low else { return grad.zerosLike() }
  let limits = x.lt(low)
  return (high.map { limits.logicalAnd(low.lt($0)) } ?? limits).where(grad, 0)
}

/// The upper limit gets the gradient where it is the result.
func clampGradientMax(_ grad: Tensor, _ x: Tensor, _ low: Tensor?, _ high: Tensor?) -> Tensor {
  guard let high else { return grad.zerosLike() }
  let limits = x.gt(high)
  return (low.map { limits.logicalOr(high.lt($0)) } ?? limits).where(grad, 0)
}

func clampTangent(
  _ tangent: Tensor, _ lowTangent: Tensor?, _ highTangent: Tensor?, _ x: Tensor, _ low: Tensor?,
  _ high: Tensor?
) -> Tensor {
  var result = clampGradient(tangent, x, low, high)
  if let lowTangent { result = result + clampGradientMin(lowTangent, x, low, high) }
  if let highTangent { result = result + clampGradientMax(highTangent, x, low, high) }
  return result
}
