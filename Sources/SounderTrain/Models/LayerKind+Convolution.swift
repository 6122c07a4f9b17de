import SounderNN

extension LayerKind {
  /// Convolutions and pooling.
  static let convolutional: [LayerKind] = [
    LayerKind(
      "conv2d", "A convolution over images.",
      [
        .integer("out_channels"), .integer("kernel_size"), .integer("stride", default: 1),
        .integer("padding", in: 0...65_536, default: 0), .integer("groups", default: 1),
        .flag("bias", default: true),
      ]
    ) { arguments, input throws(LayerError) in
      let window = Window(arguments)
      let output = try window.applied(to: input, outputs: arguments.integer("out_channels"))
      let (inputs, outputs) = (input.extents[0], arguments.integer("out_channels"))
      let (groups, bias) = (arguments.integer("groups"), arguments.flag("bias"))
      guard inputs % groups == 0, outputs % groups == 0 else {
        throw LayerError(
          "\(inputs) input and \(outputs) output channels cannot be split into \(groups) groups")
      }
      return LayerPlan(output: output) {
        Conv2d(
          inputs, outputs, kernelSize: [window.size], stride: [window.stride],
          padding: [window.padding], groups: groups, bias: bias)
      }
    },
    LayerKind(
      "conv1d", "A convolution over sequences, [channels, length].",
      [
        .integer("out_channels"), .integer("kernel_size"), .integer("stride", default: 1),
        .integer("padding", in: 0...65_536, default: 0), .flag("bias", default: true),
      ]
    ) { arguments, input throws(LayerError) in
      try input.requireNumbers("conv1d")
      guard input.extents.count == 2 else {
        throw LayerError("the input is \(input), expected [channels, length]")
      }
      let window = Window(arguments)
      let length = try window.applied(to: input.extents[1], "length")
      let (inputs, outputs) = (input.extents[0], arguments.integer("out_channels"))
      let bias = arguments.flag("bias")
      return LayerPlan(output: LayerShape([outputs, length])) {
        Conv1d(
          inputs, outputs, kernelSize: window.size, stride: window.stride,
          padding: window.padding, bias: bias)
      }
    },
    pool("max_pool2d", "The largest element of each window.") {
      MaxPool2d($0.size, stride: $0.stride, padding: $0.padding)
    },
    pool("avg_pool2d", "The mean of each window.") {
      AvgPool2d($0.size, stride: $0.stride, padding: $0.padding)
    },
    LayerKind(
      "adaptive_avg_pool2d", "Means over windows that give a fixed extent.",
      [.integer("output_size")]
    ) { arguments, input throws(LayerError) in
      let size = arguments.integer("output_size")
      try input.requireImage()
      return LayerPlan(output: LayerShape([input.extents[0], size, size])) {
        AdaptiveAvgPool2d([size])
      }
    },
  ]

  private static func pool(
    _ name: String, _ documentation: String, _ make: @escaping @Sendable (Window) -> Module
  ) -> LayerKind {
    LayerKind(
      name, documentation,
      [
        .integer("kernel_size"), .inferred("stride"),
        .integer("padding", in: 0...65_536, default: 0),
      ]
    ) { arguments, input throws(LayerError) in
      let window = Window(arguments)
      guard window.padding * 2 <= window.size else {
        throw LayerError("padding \(window.padding) is more than half of kernel_size")
      }
      let output = try window.applied(to: input, outputs: nil)
      return LayerPlan(output: output) { make(window) }
    }
  }
}

/// The window that a convolution or a pooling moves over its input.
private struct Window: Sendable {
  let size: Int
  let stride: Int
  let padding: Int

  init(_ arguments: LayerArguments) {
    size = arguments.integer("kernel_size")
    stride = arguments.optionalInteger("stride") ?? size
    padding = arguments.integer("padding")
  }

  func applied(to extent: Int, _ name: String) throws(LayerError) -> Int {
    let room = extent + 2 * padding - size
    guard room >= 0 else {
      throw LayerError(
        "a window of \(size) does not fit into a \(name) of \(extent) with padding \(padding)")
    }
    return room / stride + 1
  }

  func applied(to input: LayerShape, outputs: Int?) throws(LayerError) -> LayerShape {
    try input.requireImage()
    return LayerShape([
      outputs ?? input.extents[0], try applied(to: input.extents[1], "height"),
      try applied(to: input.extents[2], "width"),
    ])
  }
}

extension LayerShape {
  func requireImage() throws(LayerError) {
    try requireNumbers("")
    guard extents.count == 3 else {
      throw LayerError("the input is \(self), expected [channels, height, width]")
    }
  }
}
