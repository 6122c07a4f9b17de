import SounderNN

/// The architectures a configuration can name.
public enum ModelKind: String, Sendable, CaseIterable {
  /// A multi-layer perceptron.
  case mlp
  /// One linear layer.
  case linear
  /// A convolutional network for images.
  case cnn
  /// A language model of the GPT family.
  case gpt
  /// The layers that `model.layers` lists.
  case layers
}

/// The `model` section: what is trained.
public struct ModelSection: Sendable, Equatable {
  /// The architecture.
  public var kind = ModelKind.mlp
  /// The layers, first to last, of a model made of layers.
  public var layers: [LayerSpecification]?
  /// The widths of the hidden layers, first to last.
  public var hidden = [256, 128]
  /// The function after each hidden layer.
  public var activation = Activation.relu
  /// The probability with which a hidden value is dropped in training.
  public var dropout = 0.0
  /// Whether each hidden layer is normalised before its activation.
  public var layerNorm = false
  /// The channels of the convolutions of a cnn, first to last.
  public var channels = [32, 64]
  /// The number of blocks of a gpt.
  public var depth = 4
  /// The number of attention heads of a gpt.
  public var heads = 4
  /// The width of a gpt: the numbers that stand for one character.
  public var width = 128
  /// Whether the maps and normalisations of a gpt have biases.
  public var bias = false

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .choice("kind", \.kind, "The architecture.", synonyms: ["type", "architecture"]),
    .layers("layers", \.layers, "The layers, first to last; implies kind: layers."),
    .integers(
      "hidden", \.hidden, in: 1...65_536, count: 0...64,
      "Widths of the hidden layers of an mlp or a cnn, first to last.",
      synonyms: ["hidden_sizes", "hidden_layers", "widths"]),
    .choice("activation", \.activation, "The function after each hidden layer."),
    .number(
      "dropout", \.dropout, .fraction, "Probability with which a hidden value is dropped."),
    .flag("layer_norm", \.layerNorm, "Normalises each hidden layer before its activation."),
    .integers(
      "channels", \.channels, in: 1...65_536, count: 1...64,
      "Channels of the 3 x 3 convolutions of a cnn, first to last."),
    .integer(
      "depth", \.depth, in: 1...1_024, "Blocks of a gpt.", synonyms: ["n_layer", "num_layers"]),
    .integer(
      "heads", \.heads, in: 1...1_024, "Attention heads of a gpt.",
      synonyms: ["n_head", "num_heads"]),
    .integer(
      "width", \.width, in: 1...65_536, "Width of a gpt, a multiple of heads.",
      synonyms: ["n_embd", "d_model", "embedding"]),
    .flag("bias", \.bias, "Gives the maps and normalisations of a gpt biases."),
  ]
}
