import SounderArray

/// A distribution from which the first values of a parameter are drawn.
///
/// Fan-in and fan-out follow PyTorch: for shape `[out, in, …]` the fan-in is `in` times the extents
/// after it, the fan-out `out` times the same.
public enum Initializer: Sendable, Hashable {
  /// One value everywhere.
  case constant(Double)
  /// Uniform in [low, high).
  case uniform(low: Double, high: Double)
  /// Normal with the given mean and standard deviation.
  case normal(mean: Double, deviation: Double)
  /// Uniform in ±√(6 / ((1 + slope²) · fan-in)) (He et al., 2015); `slope` is the leaky ReLU's.
  case kaimingUniform(slope: Double = 0)
  /// Normal with deviation √(2 / ((1 + slope²) · fan-in)) (He et al., 2015).
  case kaimingNormal(slope: Double = 0)
  /// Uniform in ±gain · √(6 / (fan-in + fan-out)) (Glorot and Bengio, 2010).
  case xavierUniform(gain: Double = 1)
  /// Normal with deviation gain · √(2 / (fan-in + fan-out)) (Glorot and Bengio, 2010).
  case xavierNormal(gain: Double = 1)

  /// Fills an array with values from a stream, which moves on.
  public func fill(_ array: NDArray, from stream: inout RandomStream) {
    switch self {
    case .constant(let value):
      Kernels.fill_(array, .float(value))
    case .uniform(let low, let high):
      Self.fillUniform(array, low, high, &stream)
    case .normal(let mean, let deviation):
      Self.fillNormal(array, mean, deviation, &stream)
    case .kaimingUniform(let slope):
      let bound = (6 / ((1 + slope * slope) * Self.fans(array.shape).in)).squareRoot()
      Self.fillUniform(array, -bound, bound, &stream)
    case .kaimingNormal(let slope):
      let variance = 2 / ((1 + slope * slope) * Self.fans(array.shape).in)
      Self.fillNormal(array, 0, variance.squareRoot(), &stream)
    case .xavierUniform(let gain):
      let fans = Self.fans(array.shape)
      let bound = gain * (6 / (fans.in + fans.out)).squareRoot()
      Self.fillUniform(array, -bound, bound, &stream)
    case .xavierNormal(let gain):
      let fans = Self.fans(array.shape)
      Self.fillNormal(array, 0, gain * (2 / (fans.in + fans.out)).squareRoot(), &stream)
    }
  }

  private static func fillUniform(
    _ array: NDArray, _ low: Double, _ high: Double, _ stream: inout RandomStream
  ) {
    let unit = stream.uniform(array.shape, array.dtype)
    array.copy(from: Kernels.add(Kernels.mul(unit, .float(high - low)), .float(low), .int(1)))
  }

  private static func fillNormal(
    _ array: NDArray, _ mean: Double, _ deviation: Double, _ stream: inout RandomStream
  ) {
    let unit = stream.normal(array.shape, array.dtype)
    array.copy(from: Kernels.add(Kernels.mul(unit, .float(deviation)), .float(mean), .int(1)))
  }

  /// How many inputs an output depends on, and how many outputs an input reaches; at least 1.
  private static func fans(_ shape: Shape) -> (in: Double, out: Double) {
    require(
      shape.count >= 2, "initializer: shape \(shape) has no fan-in; at least 2 dimensions are needed")
    let field = shape.dropFirst(2).reduce(1, *)
    return (Double(max(shape[1] * field, 1)), Double(max(shape[0] * field, 1)))
  }
}
