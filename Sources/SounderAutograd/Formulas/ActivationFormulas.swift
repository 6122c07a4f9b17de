import Foundation
import SounderArray

func siluGradient(_ grad: Tensor, _ x: Tensor) -> Tensor {
  let s = x.sigmoid()
  return grad * (s * (1 + x * (1 - s))).conj()
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

/// With t = tanh(softplus x), whose derivative is (1 - t²)·σ(x).
func mishGradient(_ grad: Tensor, _ x: Tensor) -> Tensor {
  let t = x.softplus().tanh()
  return grad * (t + x * (1 - t * t) * x.sigmoid())
}

func softplusGradient(
  _ grad: Tensor, _ x: Tensor, _ beta: Scalar, _ threshold: Scalar
) -> Tensor {
  let scaled = x * beta
  return scaled.gt(threshold).where(grad, grad * scaled.sigmoid())
}

/// Zero up to -3, one from 3 on.
func hardswishGradient(_ grad: Tensor, _ x: Tensor) -> Tensor {
  x.le(-3).where(0, x.lt(3).where(grad * (x / 3 + 0.5), grad))
}

func gluComposite(_ input: Tensor, _ dim: Int) -> Tensor {
  let axis = input.shape.axis(dim, "glu")
  require(
    input.rank > 0 && input.shape[axis] % 2 == 0,
    "glu: dimension \(dim) of \(input.shape) cannot be halved")
  let half = input.shape[axis] / 2
  return input.narrow(axis, 0, half) * input.narrow(axis, half, half).sigmoid()
}

func preluComposite(_ input: Tensor, _ weight: Tensor) -> Tensor {
  var slope = weight
  if weight.count != 1 {
    require(
      input.rank > 1 && weight.rank == 1 && weight.count == input.shape[1],
      "prelu: weight \(weight.shape) does not fit the channels of input \(input.shape)")
    var shape = Array(repeating: 1, count: input.rank)
    shape[1] = weight.count
    slope = weight.reshape(shape)
  } else {
    slope = weight.reshape([])
  }
  return input.gt(0).where(input, input * slope)
}
