import SounderArray

func vectorNorm(_ x: Tensor, _ p: Double, _ dim: [Int]?, _ keepdim: Bool, _ dtype: DType?) -> Tensor
{
  let x = dtype.map { x.toDtype($0) } ?? x
  require(
    x.dtype.isDifferentiable, "norm: not defined for \(x.dtype.name); give a floating-point dtype")
  return x.pNorm(p, dim, keepdim)
}

/// The norms that torch.norm knows by name.
func namedNorm(_ x: Tensor, _ name: String, _ dim: [Int]?, _ keepdim: Bool, _ dtype: DType?)
  -> Tensor
{
  require(name == "fro" || name == "nuc", "norm: p must be a number, 'fro' or 'nuc', not '\(name)'")
  if name == "nuc" { return matrixNorm(x, .name(name), dim ?? matrixDimensions(x), keepdim, dtype) }
  return vectorNorm(x, 2, dim, keepdim, dtype)
}

/// x/|x|, zero at zero.
private func unit(_ x: Tensor) -> Tensor {
  guard x.dtype.isComplex else { return x.sign() }
  let magnitude = x.abs()
  let isZero = magnitude.eq(0)
  // Masked again after the division, or derivatives of the quotient would be left at zero.
  return (x / magnitude.maskedFill(isZero, 1)).maskedFill(isZero, 0)
}

/// The norm's derivative by each element times a factor that broadcasts with the norm, such as its
/// gradient.
func normDerivative(
  _ factor: Tensor, _ x: Tensor, _ result: Tensor, _ p: Double, _ dim: [Int]?, _ keepdim: Bool
) -> Tensor {
  if p == 0 { return x.zerosLike() }
  if p == 1 { return unit(x) * factor }
  let norm = withReducedDimensions(result, x.shape, dim, keepdim)
  if p.isInfinite {
    let magnitude = x.abs()
    let isExtreme = magnitude.eq(norm).toDtype(magnitude.dtype)
    return unit(x) * (isExtreme / isExtreme.sum(dim, keepdim: true)) * factor
  }
  if p == 2 { return (x / norm).maskedFill(norm.eq(0), 0) * factor }
  if p < 1 {
    let scaled = unit(x) * x.abs().pow(.float(p - 1)).maskedFill(x.eq(0), 0)
    return scaled * factor * norm.pow(.float(1 - p))
  }
  let power = p < 2 ? unit(x) * x.abs().pow(.float(p - 1)) : x * x.abs().pow(.float(p - 2))
  // The factor is masked with the quotient: it may be NaN where the norm is zero. Dividing by one there
  // keeps the second derivative zero too.
  let isZero = norm.eq(0)
  let quotient = factor / norm.maskedFill(isZero, 1).pow(.float(p - 1))
  return power * quotient.maskedFill(isZero, 0)
}

func normGradient(
  _ grad: Tensor, _ x: Tensor, _ result: Tensor, _ p: Double, _ dim: [Int]?, _ keepdim: Bool
) -> Tensor {
  normDerivative(withReducedDimensions(grad, x.shape, dim, keepdim), x, result, p, dim, keepdim)
}

func normTangent(
  _ tangent: Tensor, _ x: Tensor, _ result: Tensor, _ p: Double, _ dim: [Int]?, _ keepdim: Bool
) -> Tensor {
  let ones = withReducedDimensions(result, x.shape, dim, keepdim).onesLike()
  let derivative = normDerivative(ones, x, result, p, dim, keepdim)
  return realPart(derivative.conj() * tangent).sum(dim, keepdim: keepdim)
}

/// The cosine of the angle between vectors, whose norms count as at least `eps`.
func cosineComposite(_ a: Tensor, _ b: Tensor, _ dim: Int, _ eps: Double) -> Tensor {
  guard let shape = a.shape.broadcast(with: b.shape) else {
    require(false, "cosine_similarity: shapes \(a.shape) and \(b.shape) do not broadcast")
    return a
  }
  func direction(_ x: Tensor) -> Tensor {
    let x = x.expand(shape)
    let norm = vectorNorm(x, 2, [dim], true, nil)
    // The limit moves the value, not the derivative.
    let lift = noGrad { norm.detach().clamp(min: .float(eps)) - norm.detach() }
    return x / (norm + lift)
  }
  return (direction(a) * direction(b)).sum([dim])
}
