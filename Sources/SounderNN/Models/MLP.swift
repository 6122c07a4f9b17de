import SounderArray
import SounderAutograd

/// A multi-layer perceptron.
///
/// Every hidden layer is a ``Linear`` map, a ``LayerNorm`` if wanted, the activation, and a
/// ``Dropout`` if wanted; a last linear map gives the outputs. Without hidden layers it is that map.
///
/// ```swift
/// let model = MLP(784, hidden: [256, 128], 10, activation: .gelu, dropout: 0.1)
/// ```
public final class MLP: Module {
  /// The layers, first to last.
  public let layers: [Module]

  /// A perceptron from `inputs` features through hidden layers of the given widths.
  public init(
    _ inputs: Int, hidden: [Int], _ outputs: Int, activation: Activation = .relu,
    dropout: Double = 0, layerNorm: Bool = false, dtype: DType = .float32
  ) {
    var layers: [Module] = []
    var width = inputs
    for next in hidden {
      layers.append(Linear(width, next, dtype: dtype))
      if layerNorm { layers.append(LayerNorm([next], dtype: dtype)) }
      layers.append(activation.makeModule())
      if dropout > 0 { layers.append(Dropout(dropout)) }
      width = next
    }
    layers.append(Linear(width, outputs, dtype: dtype))
    self.layers = layers
  }

  /// The outputs of the last layer, `[batch, in]` → `[batch, out]`.
  public override func forward(_ input: Tensor) -> Tensor {
    layers.reduce(input) { value, layer in layer(value) }
  }
}
