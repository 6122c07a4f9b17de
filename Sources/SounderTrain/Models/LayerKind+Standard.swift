import SounderNN

extension LayerKind {
  /// The layers of the library.
  static let standard: [LayerKind] =
    dense + convolutional + normalising + sequential
    + Activation.allCases.map { activation in
      LayerKind(activation.rawValue, "The activation function of this name.") { _, input in
        LayerPlan(output: input) { activation.makeModule() }
      }
    }

  private static let dense: [LayerKind] = [
    LayerKind(
      "linear", "An affine map of the last dimension; by default to the outputs the data want.",
      [.inferred("out_features"), .flag("bias", default: true)]
    ) { arguments, input throws(LayerError) in
      try input.requireNumbers("linear")
      guard let inputs = input.extents.last else { throw LayerError("the input has no dimension") }
      if input.extents.count == 3, arguments.optionalInteger("out_features") == nil {
        throw LayerError("the input \(input) is an image; put 'flatten' before the last layer")
      }
      let outputs = arguments.optionalInteger("out_features") ?? arguments.dataOutputs
      let bias = arguments.flag("bias")
      return LayerPlan(output: LayerShape(input.extents.dropLast() + [outputs])) {
        Linear(inputs, outputs, bias: bias)
      }
    },
    LayerKind("flatten", "Merges all dimensions of a sample into one.") {
      _, input throws(LayerError) in
      try input.requireNumbers("flatten")
      return LayerPlan(output: LayerShape([input.extents.reduce(1, *)])) { Flatten() }
    },
    LayerKind(
      "dropout", "Zeros values at random in training.", [.number("p", .fraction, default: 0.5)]
    ) { arguments, input in
      let p = arguments.number("p")
      return LayerPlan(output: input) { Dropout(p) }
    },
  ]

  private static let normalising: [LayerKind] = [
    LayerKind(
      "layer_norm", "Normalisation over the last dimension.",
      [.number("eps", .positive, default: 1e-5), .flag("bias", default: true)]
    ) { arguments, input throws(LayerError) in
      try input.requireNumbers("layer_norm")
      guard let width = input.extents.last else { throw LayerError("the input has no dimension") }
      let (epsilon, bias) = (arguments.number("eps"), arguments.flag("bias"))
      return LayerPlan(output: input) { LayerNorm([width], epsilon: epsilon, bias: bias) }
    },
    LayerKind(
      "rms_norm", "Division of the last dimension by its root mean square.",
      [.number("eps", .positive, default: 1e-6)]
    ) { arguments, input throws(LayerError) in
      try input.requireNumbers("rms_norm")
      guard let width = input.extents.last else { throw LayerError("the input has no dimension") }
      let epsilon = arguments.number("eps")
      return LayerPlan(output: input) { RMSNorm(width, epsilon: epsilon) }
    },
    LayerKind(
      "group_norm", "Normalisation over groups of channels.",
      [.integer("groups"), .number("eps", .positive, default: 1e-5)]
    ) { arguments, input throws(LayerError) in
      try input.requireNumbers("group_norm")
      let (channels, groups) = (input.extents[0], arguments.integer("groups"))
      guard channels % groups == 0 else {
        throw LayerError("\(channels) channels cannot be split into \(groups) groups")
      }
      let epsilon = arguments.number("eps")
      return LayerPlan(output: input) { GroupNorm(groups, channels, epsilon: epsilon) }
    },
    batchNorm("batch_norm1d", ranks: 1...2) {
      BatchNorm1d($0, epsilon: $1, momentum: $2, sync: $3)
    },
    batchNorm("batch_norm2d", ranks: 3...3) {
      BatchNorm2d($0, epsilon: $1, momentum: $2, sync: $3)
    },
  ]

  private static func batchNorm(
    _ name: String, ranks: ClosedRange<Int>,
    _ make: @escaping @Sendable (Int, Double, Double, Bool) -> Module
  ) -> LayerKind {
    LayerKind(
      name, "Normalisation of each channel over the batch.",
      [
        .number("eps", .positive, default: 1e-5), .number("momentum", .factor, default: 0.1),
        .flag("sync", default: false),
      ]
    ) { arguments, input throws(LayerError) in
      try input.requireNumbers(name)
      guard ranks.contains(input.extents.count) else {
        let wanted = ranks.lowerBound == 3 ? "[channels, height, width]" : "[features]"
        throw LayerError("the input is \(input), expected \(wanted)")
      }
      let channels = input.extents[0]
      let (epsilon, momentum) = (arguments.number("eps"), arguments.number("momentum"))
      let sync = arguments.flag("sync")
      return LayerPlan(output: input) { make(channels, epsilon, momentum, sync) }
    }
  }

  private static let sequential: [LayerKind] = [
    LayerKind(
      "embedding", "A learned vector for each token.",
      [.integer("width"), .flag("sparse", default: false)]
    ) { arguments, input throws(LayerError) in
      let (tokens, width) = (try input.requireTokens("embedding"), arguments.integer("width"))
      let sparse = arguments.flag("sparse")
      return LayerPlan(output: LayerShape(input.extents + [width])) {
        Embedding(
          tokens, width, initializer: .normal(mean: 0, deviation: 0.02), sparse: sparse)
      }
    },
    LayerKind("position_embedding", "Adds a learned vector for each position of a sequence.") {
      _, input throws(LayerError) in
      let (length, width) = try input.requireSequence("position_embedding")
      return LayerPlan(output: input) { PositionEmbedding(length, width) }
    },
    LayerKind(
      "attention", "Self-attention with several heads.",
      [.integer("heads"), .flag("causal", default: true), .flag("bias", default: true)]
    ) { arguments, input throws(LayerError) in
      let (heads, width) = try input.requireHeads("attention", arguments.integer("heads"))
      let (causal, bias) = (arguments.flag("causal"), arguments.flag("bias"))
      return LayerPlan(output: input) {
        MultiHeadAttention(width, heads: heads, isCausal: causal, bias: bias)
      }
    },
    LayerKind(
      "transformer_block", "Attention and a perceptron, each added to its normalised input.",
      [
        .integer("heads"), .flag("causal", default: true), .flag("bias", default: true),
        .number("dropout", .fraction, default: 0),
      ]
    ) { arguments, input throws(LayerError) in
      let (heads, width) = try input.requireHeads("transformer_block", arguments.integer("heads"))
      let (causal, bias) = (arguments.flag("causal"), arguments.flag("bias"))
      let dropout = arguments.number("dropout")
      return LayerPlan(output: input) {
        TransformerBlock(width, heads: heads, isCausal: causal, bias: bias, dropout: dropout)
      }
    },
  ]
}

extension LayerShape {
  func requireNumbers(_ layer: String) throws(LayerError) {
    if vocabulary != nil {
      throw LayerError("the input is \(self), expected numbers; begin with 'embedding'")
    }
    if extents.isEmpty { throw LayerError("the input has no dimension") }
  }

  func requireTokens(_ layer: String) throws(LayerError) -> Int {
    guard let vocabulary else {
      throw LayerError("the input \(self) holds numbers, expected tokens (data.kind: text)")
    }
    return vocabulary
  }

  func requireSequence(_ layer: String) throws(LayerError) -> (length: Int, width: Int) {
    try requireNumbers(layer)
    guard extents.count == 2 else {
      throw LayerError("the input is \(self), expected [length, width]")
    }
    return (extents[0], extents[1])
  }

  func requireHeads(_ layer: String, _ heads: Int) throws(LayerError) -> (heads: Int, width: Int) {
    let width = try requireSequence(layer).width
    guard width % heads == 0 else {
      throw LayerError("a width of \(width) cannot be split into \(heads) heads")
    }
    return (heads, width)
  }
}
