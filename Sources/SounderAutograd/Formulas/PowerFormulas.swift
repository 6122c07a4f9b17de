import Foundation
import SounderArray

/// d/dx x^p = p·x^(p-1); zero, not 0·∞, for the power 0.
func powGradient(_ grad: Tensor, _ base: Tensor, _ exponent: Scalar) -> Tensor {
  if exponent.doubleValue == 0 && exponent.imaginary == 0 { return grad.zerosLike() }
  let lower: Scalar
  switch exponent {
  case .bool(let value): lower = .int((value ? 1 : 0) - 1)
  case .int(let value): lower = .int(value - 1)
  case .float(let value): lower = .float(value - 1)
  case .complex(let real, let imaginary): lower = .complex(real - 1, imaginary)
  }
  return grad * (base.pow(lower) * exponent).conj()
}

func powGradientBase(_ grad: Tensor, _ base: Tensor, _ exponent: Tensor) -> Tensor {
  let value = grad * (exponent * base.pow(exponent - 1)).conj()
  return exponent.eq(0).where(0, value)
}

/// d/dp x^p = x^p·ln x; zero where x is 0 and p is not negative.
func powGradientExponent(
  _ grad: Tensor, _ base: Tensor, _ exponent: Tensor, _ result: Tensor
) -> Tensor {
  // A negative real base has a complex logarithm where the exponent is complex.
  let promoted = base.dtype == result.dtype ? base : base.toDtype(result.dtype)
  let value = grad * (result * promoted.log()).conj()
  return base.eq(0).logicalAnd(isNonNegative(exponent)).where(0, value)
}

func powGradientExponent(
  _ grad: Tensor, _ base: Scalar, _ exponent: Tensor, _ result: Tensor
) -> Tensor {
  if base.doubleValue == 0 && base.imaginary == 0 {
    // The logarithm is masked, not the product: its own derivative would be 0·∞.
    return grad * (result * isNonNegative(exponent).where(0, .float(-.infinity)))
  }
  return grad * (result * logarithm(base)).conj()
}

private func isNonNegative(_ x: Tensor) -> Tensor {
  x.dtype.isComplex ? x.imag().eq(0).logicalAnd(x.real().ge(0)) : x.ge(0)
}

private func logarithm(_ base: Scalar) -> Scalar {
  let (real, imaginary) = (base.doubleValue, base.imaginary)
  if case .complex = base {
    return .complex(log(hypot(real, imaginary)), atan2(imaginary, real))
  }
  return .float(log(real))
}
