import SounderNN

/// The architectures a configuration can name.
public enum ModelKind: String, Sendable, CaseIterable {
  /// A multi-layer perceptron.
  case mlp
  /// One linear layer.
  case linear
}

/// The `model` section: what is trained.
public struct ModelSection: Sendable, Equatable {
  /// The architecture.
  public var kind = ModelKind.mlp
  /// The widths of the hidden layers, first to last.
  public var hidden = [256, 128]
  /// The function after each hidden layer.
  public var activation = Activation.relu
  /// The probability with which a hidden value is dropped in training.
  public var dropout = 0.0
  /// Whether each hidden layer is normalised before its activation.
  public var layerNorm = false

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .choice("kind", \.kind, "The architecture.", synonyms: ["type", "architecture"]),
    .integers(
      "hidden", \.hidden, in: 1...65_536, count: 0...64,
      "Widths of the hidden layers of an mlp, first to last.",
      synonyms: ["hidden_sizes", "hidden_layers", "layers", "widths"]),
    .choice("activation", \.activation, "The function after each hidden layer."),
    .number(
      "dropout", \.dropout, .fraction, "Probability with which a hidden value is dropped."),
    .flag("layer_norm", \.layerNorm, "Normalises each hidden layer before its activation."),
  ]
}
