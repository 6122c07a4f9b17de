import CKernels

/// How the windows of a convolution lie: images [batch, channels, size…], weights
/// [filters, channels / groups, kernel…] and results [batch, filters, output…].
///
/// A transposed convolution has the geometry of the convolution it is the adjoint of: its result is
/// the image.
struct ConvolutionGeometry {
  let batch: Int
  let groups: Int
  /// Channels of the image in one group.
  let channels: Int
  /// Channels of the result in one group.
  let filters: Int
  /// One group's windows, with leading dimensions of extent 1 up to three.
  let window: ck_window
  /// The extents of the image, weight and result.
  let image: Shape
  let weight: Shape
  let result: Shape

  /// Image positions of one channel.
  var imageArea: Int { image.dropFirst(2).reduce(1, *) }
  /// Result positions of one channel.
  var resultArea: Int { result.dropFirst(2).reduce(1, *) }
  /// Elements of one filter: rows of the columns.
  var depth: Int { channels * weight.dropFirst(2).reduce(1, *) }

  /// The geometry that turns `image` into `output` positions with the given windows.
  init(
    _ name: StaticString, image: Shape, weight: Shape, output: [Int], stride: [Int],
    padding: [Int], dilation: [Int], groups: Int
  ) {
    let spatial = output.count
    require(
      image.allSatisfy { $0 >= 0 } && weight.allSatisfy { $0 >= 0 },
      "\(name): negative extent in \(image) or \(weight)")
    var window = ck_window()
    window.channels = image[1] / groups
    window.size = Self.triple(Array(image.dropFirst(2)), 1)
    window.kernel = Self.triple(Array(weight.dropFirst(2)), 1)
    window.output = Self.triple(output, 1)
    window.stride = Self.triple(stride, 1)
    window.padding = Self.triple(padding, 0)
    window.dilation = Self.triple(dilation, 1)
    for axis in 0..<spatial {
      require(
        output[axis] >= 0
          && output[axis]
            <= Self.output(
              image[axis + 2], weight[axis + 2], stride[axis], padding[axis], dilation[axis]),
        "\(name): \(output) windows of \(weight) do not fit into \(image) with stride \(stride), "
          + "padding \(padding) and dilation \(dilation)")
    }
    self.window = window
    self.groups = groups
    self.image = image
    self.weight = weight
    batch = image[0]
    channels = image[1] / groups
    filters = weight[0] / groups
    result = Shape([image[0], weight[0]] + output)
  }

  /// The number of windows along one dimension; at most 0 if none fits.
  static func output(
    _ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int
  ) -> Int {
    let room = size + 2 * padding - dilation * (kernel - 1) - 1
    return room < 0 ? 0 : room / stride + 1
  }

  private static func triple(_ values: [Int], _ fill: Int) -> (Int, Int, Int) {
    let padded = Array(repeating: fill, count: 3 - values.count) + values
    return (padded[0], padded[1], padded[2])
  }
}

/// The parameters of a convolution, checked, one value for each spatial dimension.
struct ConvolutionParameters {
  let stride: [Int]
  let padding: [Int]
  let dilation: [Int]
  let groups: Int

  init(
    _ name: StaticString, spatial: Int, _ stride: [Int], _ padding: [Int], _ dilation: [Int],
    _ groups: Int
  ) {
    self.stride = Self.expanded(stride, spatial, least: 1, name, "stride")
    self.padding = Self.expanded(padding, spatial, least: 0, name, "padding")
    self.dilation = Self.expanded(dilation, spatial, least: 1, name, "dilation")
    require(groups > 0, "\(name): groups is \(groups), expected a positive number")
    self.groups = groups
  }

  /// One value for each dimension, from one for all or one each.
  static func expanded(
    _ values: [Int], _ count: Int, least: Int, _ name: StaticString, _ parameter: StaticString
  ) -> [Int] {
    require(
      values.count == count || values.count == 1,
      "\(name): \(parameter) \(values) does not fit \(count) dimensions")
    require(
      values.allSatisfy { $0 >= least && $0 < 1 << 31 },
      "\(name): \(parameter) \(values) is out of range")
    return values.count == count ? values : Array(repeating: values[0], count: count)
  }

  /// The convolution of an image of this shape with a weight.
  func forward(_ name: StaticString, image: Shape, weight: Shape) -> ConvolutionGeometry {
    checkRanks(name, image, weight)
    require(
      image[1] == weight[1] * groups && weight[0] % groups == 0,
      "\(name): input \(image) and weight \(weight) do not fit together with \(groups) groups")
    let output = stride.indices.map { axis in
      let span = dilation[axis] * (weight[axis + 2] - 1) + 1
      require(
        weight[axis + 2] > 0 && span <= image[axis + 2] + 2 * padding[axis],
        "\(name): a kernel of \(weight) with dilation \(dilation) is larger than the input \(image) "
          + "with padding \(padding)")
      return ConvolutionGeometry.output(
        image[axis + 2], weight[axis + 2], stride[axis], padding[axis], dilation[axis])
    }
    return ConvolutionGeometry(
      name, image: image, weight: weight, output: output, stride: stride, padding: padding,
      dilation: dilation, groups: groups)
  }

  /// The convolution whose adjoint turns `input` [batch, filters, …] into the result.
  func transposed(_ name: StaticString, input: Shape, weight: Shape, outputPadding: [Int])
    -> ConvolutionGeometry
  {
    checkRanks(name, input, weight)
    let extra = Self.expanded(outputPadding, stride.count, least: 0, name, "output_padding")
    require(
      input[1] == weight[0] && weight[0] % groups == 0,
      "\(name): input \(input) and weight \(weight) do not fit together with \(groups) groups")
    var image: Shape = [input[0], weight[1] * groups]
    for axis in stride.indices {
      require(
        extra[axis] < max(stride[axis], dilation[axis]),
        "\(name): output_padding \(extra) must be smaller than stride \(stride) or dilation \(dilation)"
      )
      let size =
        (input[axis + 2] - 1) * stride[axis] - 2 * padding[axis]
        + dilation[axis] * (weight[axis + 2] - 1) + 1 + extra[axis]
      require(
        size > 0, "\(name): input \(input) and weight \(weight) give an empty result")
      image.append(size)
    }
    return ConvolutionGeometry(
      name, image: image, weight: weight, output: Array(input.dropFirst(2)), stride: stride,
      padding: padding, dilation: dilation, groups: groups)
  }

  private func checkRanks(_ name: StaticString, _ input: Shape, _ weight: Shape) {
    require(
      input.count == stride.count + 2 && weight.count == stride.count + 2,
      "\(name): input \(input) and weight \(weight) must have \(stride.count + 2) dimensions")
  }
}
