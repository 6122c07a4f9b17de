import SounderAutograd

/// Modules applied one after the other.
///
/// ```swift
/// let model = Sequential(Linear(784, 128), ReLU(), Linear(128, 10))
/// print(model.namedParameters.map(\.name))
/// // ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"]
/// ```
public final class Sequential: Module {
  /// The modules, first to last.
  public let layers: [Module]

  /// The composition of the given modules.
  public init(_ layers: [Module]) { self.layers = layers }

  /// The composition of the given modules.
  public convenience init(_ layers: Module...) { self.init(layers) }

  /// Applies the modules one after the other.
  public override func forward(_ input: Tensor) -> Tensor {
    layers.reduce(input) { value, layer in layer(value) }
  }
}
