import SounderArray
import SounderAutograd

/// Division of the last dimension by its root mean square, then scale (Zhang and Sennrich, 2019).
public final class RMSNorm: Module {
  /// The scale, which begins at 1.
  public let weight: Tensor
  /// What is added to the mean of squares.
  public let epsilon: Double

  /// A normalisation of vectors of `width` numbers.
  public init(_ width: Int, epsilon: Double = 1e-6, dtype: DType = .float32) {
    self.epsilon = epsilon
    weight = .parameter(Kernels.ones([width], dtype))
  }

  /// The scaled input, of the same shape.
  public override func forward(_ input: Tensor) -> Tensor {
    input.rmsNorm([weight.count], weight: weight, eps: epsilon)
  }

  /// Writes the initial values of the scale.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    Initializer.constant(1).fill(values, from: &stream)
  }
}
