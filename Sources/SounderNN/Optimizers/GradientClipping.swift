import SounderArray
import SounderAutograd

/// Scales the gradients of all parameters together so that their norm is at most `maximum`.
///
/// See Pascanu, Mikolov and Bengio (2013). Gradients must be float32 or float64.
/// - Returns: The norm before scaling.
@discardableResult
public func clipGradientNorm(_ parameters: [Tensor], maximum: Double) -> Double {
  let gradients = parameters.compactMap(\.grad)
  let norms = gradients.map { gradient in
    let values = Kernels.contiguous(gradient.array)
    return withExtendedLifetime(values) {
      GradientNorm.norm(of: values.pointer, count: values.count, dtype: values.dtype)
    }
  }
  let norm = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
  let scale = GradientNorm.scale(norm: norm, maximum: maximum)
  if scale == 1 { return norm }
  for gradient in gradients {
    gradient.array.copy(from: Kernels.mul(gradient.array, .float(scale)))
    gradient.incrementVersion()
  }
  return norm
}
