import Foundation
import SounderArray

// Derivatives that don't fit on one line of derivatives.yaml. They are compositions of differentiable
// operators, so second order follows.

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
  return grad * (base.pow(lower) * exponent)
}

func powGradientBase(_ grad: Tensor, _ base: Tensor, _ exponent: Tensor) -> Tensor {
  let value = grad * (exponent * base.pow(exponent - 1))
  return exponent.eq(0).where(value.zerosLike(), value)
}

/// d/dp x^p = x^p·ln x; zero where x is 0 and p is not negative.
func powGradientExponent(
  _ grad: Tensor, _ base: Tensor, _ exponent: Tensor, _ result: Tensor
) -> Tensor {
  let value = grad * (result * base.log())
  let isZero = (base.eq(0).toDtype(.int64) * exponent.ge(0).toDtype(.int64)).ne(0)
  return isZero.where(value.zerosLike(), value)
}

func siluGradient(_ grad: Tensor, _ x: Tensor) -> Tensor {
  let s = x.sigmoid()
  return grad * (s * (1 + x * (1 - s)))
}

/// The gradient passes where the element lies within the limits, the limits included.
func clampGradient(_ grad: Tensor, _ x: Tensor, _ low: Scalar?, _ high: Scalar?) -> Tensor {
  var result = grad
  if let low { result = x.ge(low).where(result, result.zerosLike()) }
  if let high { result = x.le(high).where(result, result.zerosLike()) }
  return result
}

/// grad·gradOutput·gelu''(x).
func geluSecondGradient(
  _ grad: Tensor, _ gradOutput: Tensor, _ x: Tensor, _ approximate: String
) -> Tensor {
  let product = grad * gradOutput
  if approximate == "none" {
    // gelu'' = φ(x)·(2 - x²), φ the normal density.
    let density = (x * x * -0.5).exp() * (1 / (2 * Double.pi).squareRoot())
    return product * (density * (2 - x * x))
  }
  // gelu = x/2·(1 + tanh u) with u = k·(x + c·x³).
  let k = (2 / Double.pi).squareRoot()
  let c = 0.044715
  let tanh = ((x + x * x * x * c) * k).tanh()
  let slope = (1 + x * x * (3 * c)) * k
  let sech2 = 1 - tanh * tanh
  let second = sech2 * (slope + x * (x * (3 * c * k)) - x * tanh * slope * slope)
  return product * second
}

extension Tensor {
  /// Zeros of another shape with this tensor's type.
  func zerosOf(_ shape: Shape) -> Tensor { Tensor(Kernels.zeros(shape, dtype)) }
}
