import SounderArray
import SounderAutograd

/// Fixed normal numbers, in float64.
func numbers(_ shape: Shape, seed: UInt64, _ stream: Int = 0) -> Tensor {
  var generator = RandomStream(seed: seed, stream: UInt64(stream))
  return Tensor.randn(shape, .float64, from: &generator)
}

/// A leaf of fixed normal numbers.
func parameter(_ shape: Shape, seed: UInt64, _ stream: Int = 0) throws -> Tensor {
  try numbers(shape, seed: seed, stream).requiresGrad()
}

/// The largest difference of two tensors; infinite if only one exists or the shapes differ.
func difference(_ a: Tensor?, _ b: Tensor?) -> Double {
  guard let a, let b else { return a == nil && b == nil ? 0 : .infinity }
  guard a.shape == b.shape, a.dtype == b.dtype else { return .infinity }
  return zip(a.doubles(), b.doubles()).map { abs($0 - $1) }.max() ?? 0
}
