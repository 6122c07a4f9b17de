import Foundation
import SounderArray

// Derivatives that don't fit on one line of derivatives.yaml. They are compositions of differentiable
// operators, so second order follows.

/// 1 - weight.
func complement(_ weight: Scalar) -> Scalar {
  switch weight {
  case .bool(let value): .int(value ? 0 : 1)
  case .int(let value): .int(1 - value)
  case .float(let value): .float(1 - value)
  case .complex(let real, let imaginary): .complex(1 - real, -imaginary)
  }
}

/// The gradient of rounded division; a step function has none.
func divisionGradient(_ grad: Tensor, _ other: Tensor, _ mode: String?) -> Tensor {
  mode == nil ? grad / other.conj() : grad.zerosLike()
}

func divisionGradient(_ grad: Tensor, _ other: Scalar, _ mode: String?) -> Tensor {
  mode == nil ? grad / other.conj() : grad.zerosLike()
}

func divisorGradient(_ grad: Tensor, _ x: Tensor, _ other: Tensor, _ mode: String?) -> Tensor {
  mode == nil ? -(grad * ((x / other) / other).conj()) : grad.zerosLike()
}

func divisionTangent(
  _ tangent: Tensor, _ otherTangent: Tensor, _ other: Tensor, _ result: Tensor, _ mode: String?
) -> Tensor {
  mode == nil ? (tangent - otherTangent * result) / other : result.zerosLike()
}

/// What an operand of maximum gets: nothing where it loses, half where both are equal.
func extremeShare(_ grad: Tensor, _ loses: Tensor, _ ties: Tensor) -> Tensor {
  loses.where(0, ties.where(grad / 2, grad))
}

/// x² + y², one at the origin, where the gradient of the angle is taken to be zero.
func atan2Denominator(_ y: Tensor, _ x: Tensor) -> Tensor {
  let squares = y * y + x * x
  return squares.eq(0).where(1, squares)
}

func xlogyGradient(_ grad: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor {
  x.eq(0).logicalAnd(y.le(0)).where(0, grad.xlogy(y))
}

func xlogyGradient(_ grad: Tensor, _ x: Tensor, _ y: Scalar) -> Tensor {
  y.doubleValue <= 0 ? x.eq(0).where(0, grad.xlogy(y)) : grad.xlogy(y)
}

/// x/|x| turns with x and does not grow: the part of the change along x is taken away.
func sgnGradient(_ grad: Tensor, _ x: Tensor, _ result: Tensor) -> Tensor {
  if !x.dtype.isComplex { return grad.zerosLike() }
  let across = grad - result * (result.conj() * grad).real()
  return x.eq(0).where(0, across / x.abs())
}

func angleGradient(_ grad: Tensor, _ x: Tensor) -> Tensor {
  if !x.dtype.isComplex { return grad.zerosLike() }
  return x.eq(0).where(0, grad * (x * .complex(0, 1) / x.abs().square()))
}

func angleTangent(_ tangent: Tensor, _ x: Tensor) -> Tensor {
  x.dtype.isComplex ? (tangent / x).imag() : tangent.zerosLike()
}

/// The derivative of acosh; in the complex plane the product has the right branch.
func acoshSlope(_ x: Tensor) -> Tensor {
  x.dtype.isComplex
    ? ((x - 1).sqrt() * (x + 1).sqrt()).reciprocal() : (x * x - 1).rsqrt()
}

extension Scalar {
  /// The complex conjugate.
  func conj() -> Scalar {
    if case .complex(let real, let imaginary) = self { return .complex(real, -imaginary) }
    return self
  }
}

extension Tensor {
  /// Zeros of another shape with this tensor's type.
  func zerosOf(_ shape: Shape) -> Tensor { Tensor(Kernels.zeros(shape, dtype)) }
}
