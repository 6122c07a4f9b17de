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
      array.fill(.float(value))
    case .uniform(let low, let high):
      stream.uniform(array, low, high)
    case .normal(let mean, let deviation):
      stream.normal(array, mean: mean, deviation: deviation)
    case .kaimingUniform(let slope):
      let bound = (6 / ((1 + slope * slope) * Self.fans(array.shape).in)).squareRoot()
      stream.uniform(array, -bound, bound)
    case .kaimingNormal(let slope):
      let variance = 2 / ((1 + slope * slope) * Self.fans(array.shape).in)
      stream.normal(array, deviation: variance.squareRoot())
    case .xavierUniform(let gain):
      let fans = Self.fans(array.shape)
      let bound = gain * (6 / (fans.in + fans.out)).squareRoot()
      stream.uniform(array, -bound, bound)
    case .xavierNormal(let gain):
      let fans = Self.fans(array.shape)
      stream.normal(array, deviation: gain * (2 / (fans.in + fans.out)).squareRoot())
    }
  }

  /// How many inputs an output depends on, and how many outputs an input reaches; at least 1.
  private static func fans(_ shape: Shape) -> (in: Double, out: Double) {
    require(
      shape.count >= 2, "initializer: shape \(shape) has no fan-in, it needs 2 dimensions or more")
    let field = shape.dropFirst(2).reduce(1, *)
    return (Double(max(shape[1] * field, 1)), Double(max(shape[0] * field, 1)))
  }
}
