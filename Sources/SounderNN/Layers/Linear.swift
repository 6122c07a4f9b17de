import SounderArray
import SounderAutograd

/// The affine map x·Wᵀ + b.
///
/// Input `[…, inputs]`, output `[…, outputs]`. Weight and bias are drawn uniformly from ±1/√inputs
/// (PyTorch's default, Kaiming's bound with slope √5).
public final class Linear: Module {
  /// The matrix, `[outputs, inputs]`.
  public let weight: Tensor
  /// What is added, `[outputs]`.
  public let bias: Tensor?
  private let initializer: Initializer?

  /// A map from `inputs` numbers to `outputs` numbers.
  ///
  /// - Parameter initializer: Draws the matrix instead of the default; the bias then begins at 0.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, dtype: DType = .float32,
    initializer: Initializer? = nil
  ) {
    self.initializer = initializer
    weight = .parameter(NDArray(uninitialized: [outputs, inputs], dtype))
    self.bias = bias ? .parameter(NDArray(uninitialized: [outputs], dtype)) : nil
    super.init()
    initializeNew([("weight", weight), ("bias", self.bias)])
  }

  /// The affine map of the last dimension, `[*, in]` → `[*, out]`.
  public override func forward(_ input: Tensor) -> Tensor { input.linear(weight, bias: bias) }

  /// Draws the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    if let initializer {
      (name == "weight" ? initializer : .constant(0)).fill(values, from: &stream)
    } else if name == "weight" {
      Initializer.kaimingUniform(slope: 5.0.squareRoot()).fill(values, from: &stream)
    } else {
      let bound = 1 / Double(max(weight.shape[1], 1)).squareRoot()
      Initializer.uniform(low: -bound, high: bound).fill(values, from: &stream)
    }
  }
}
