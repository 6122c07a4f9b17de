import SounderArray
import SounderAutograd

/// Normalisation over the last dimensions to mean 0 and variance 1, then scale and shift.
///
/// See Ba, Kiros and Hinton (2016).
public final class LayerNorm: Module {
  /// The scale, which begins at 1; nil without learned scale and shift.
  public let weight: Tensor?
  /// The shift, which begins at 0; nil without a learned shift.
  public let bias: Tensor?
  /// The extents of the dimensions that are normalised together.
  public let shape: [Int]
  /// What is added to the variance.
  public let epsilon: Double

  /// A normalisation over trailing dimensions of the given extents.
  public init(
    _ shape: [Int], epsilon: Double = 1e-5, affine: Bool = true, bias hasBias: Bool = true,
    dtype: DType = .float32
  ) {
    self.shape = shape
    self.epsilon = epsilon
    weight = affine ? .parameter(NDArray(uninitialized: Shape(shape), dtype)) : nil
    bias = affine && hasBias ? .parameter(NDArray(uninitialized: Shape(shape), dtype)) : nil
    super.init()
    initializeNew([("weight", weight), ("bias", bias)])
  }

  /// A normalisation over the last dimension.
  public convenience init(_ width: Int, epsilon: Double = 1e-5, affine: Bool = true) {
    self.init([width], epsilon: epsilon, affine: affine)
  }

  /// The normalised, scaled and shifted input, of the same shape.
  public override func forward(_ input: Tensor) -> Tensor {
    input.layerNorm(shape, weight: weight, bias: bias, eps: epsilon)
  }

  /// Draws the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    Initializer.constant(name == "weight" ? 1 : 0).fill(values, from: &stream)
  }
}
