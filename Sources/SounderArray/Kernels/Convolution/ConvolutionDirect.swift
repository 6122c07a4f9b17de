import CKernels

/// Convolutions of float32 over one or two dimensions that read a padded copy of the image through
/// shifts, without columns.
///
/// One sample and group is treated at a time, so a sample's result does not depend on the batch, and
/// gradients of weights are added up in the order of the samples.
struct ConvolutionDirect {
  /// Whether the direct loops exist for this convolution and use most of their lanes.
  static func serves(_ geometry: ConvolutionGeometry, _ dtype: DType) -> Bool {
    let window = geometry.window
    return dtype == .float32 && window.kernel.0 == 1 && window.size.0 == 1
      && window.output.0 == 1 && window.padding.0 == 0 && ck_wide_available() != 0
      && geometry.resultArea > 0 && geometry.depth > 0 && geometry.filters > 0
  }

  /// Whether the gradient of the image is a convolution too: with a stride of 1.
  static func servesImageGradient(_ geometry: ConvolutionGeometry, _ dtype: DType) -> Bool {
    let window = geometry.window
    return serves(geometry, dtype) && window.stride.1 == 1 && window.stride.2 == 1
      && geometry.imageArea > 0
  }

  private static func copy(of geometry: ConvolutionGeometry) -> PaddedCopy {
    let window = geometry.window
    return PaddedCopy(
      channels: geometry.channels, size: (window.size.1, window.size.2),
      stride: (window.stride.1, window.stride.2), padding: (window.padding.1, window.padding.2),
      rows: window.output.1 + (window.kernel.1 - 1) * window.dilation.1 / window.stride.1,
      pitch: window.output.2 + (window.kernel.2 - 1) * window.dilation.2 / window.stride.2)
  }

  private static func offsets(_ geometry: ConvolutionGeometry, _ copy: PaddedCopy) -> [Int64] {
    let window = geometry.window
    var result: [Int64] = []
    for channel in 0..<geometry.channels {
      for y in 0..<window.kernel.1 {
        for x in 0..<window.kernel.2 {
          result.append(copy.offset(channel, y * window.dilation.1, x * window.dilation.2))
        }
      }
    }
    return result
  }

  /// result[n, g] = weight[g] * image[n, g] + bias[g].
  static func forward(
    _ geometry: ConvolutionGeometry, image: NDArray, weight: NDArray, bias: NDArray?,
    into result: NDArray
  ) {
    let copy = copy(of: geometry)
    let (filters, depth) = (geometry.filters, geometry.depth)
    let bias = bias?.contiguous()
    let packed = (0..<geometry.groups).map { group in
      let weights = weight.floats + group * filters * depth
      return pack(filters, depth, bias.map { $0.floats + group * filters }) { filter, tap in
        weights[filter * depth + tap]
      }
    }
    run(
      copy, offsets(geometry, copy), packed, filters: filters,
      rows: geometry.window.output.1, columns: geometry.window.output.2, image: image,
      imageStep: geometry.channels * geometry.imageArea, result: result,
      resultStep: filters * geometry.resultArea, blocks: geometry.batch * geometry.groups)
  }

  /// image[n, g]: the convolution of the gradient with the filters turned round.
  static func imageGradient(
    _ geometry: ConvolutionGeometry, gradient: NDArray, weight: NDArray, into image: NDArray
  ) {
    let window = geometry.window
    let reach = (
      (window.kernel.1 - 1) * window.dilation.1, (window.kernel.2 - 1) * window.dilation.2
    )
    let copy = PaddedCopy(
      channels: geometry.filters, size: (window.output.1, window.output.2), stride: (1, 1),
      padding: (reach.0 - window.padding.1, reach.1 - window.padding.2),
      rows: window.size.1 + reach.0, pitch: window.size.2 + reach.1)
    let (channels, filters) = (geometry.channels, geometry.filters)
    let (height, width) = (window.kernel.1, window.kernel.2)
    let area = height * width
    var offsets: [Int64] = []
    for filter in 0..<filters {
      for y in 0..<height {
        for x in 0..<width {
          offsets.append(
            copy.offset(filter, y * window.dilation.1, x * window.dilation.2))
        }
      }
    }
    let packed = (0..<geometry.groups).map { group in
      let weights = weight.floats + group * filters * geometry.depth
      return pack(channels, filters * area, nil) { channel, tap in
        weights[(tap / area * channels + channel) * area + area - 1 - tap % area]
      }
    }
    run(
      copy, offsets, packed, filters: channels, rows: window.size.1, columns: window.size.2,
      image: gradient, imageStep: filters * geometry.resultArea, result: image,
      resultStep: channels * geometry.imageArea, blocks: geometry.batch * geometry.groups)
  }

  /// weight[g] = Σₙ gradient[n, g] · image[n, g].
  static func weightGradient(
    _ geometry: ConvolutionGeometry, gradient: NDArray, image: NDArray, into weight: NDArray
  ) {
    let copy = copy(of: geometry)
    let (filters, depth, area) = (geometry.filters, geometry.depth, geometry.resultArea)
    let block = Int(CK_GRADIENT_BLOCK)
    let blocks = (filters + block - 1) / block
    let turned = NDArray(uninitialized: [blocks * block * area], .float32)
    let sums = Kernels.zeros([geometry.groups, blocks * depth * block], .float32)
    offsets(geometry, copy).withUnsafeBufferPointer { offsets in
      var shape = ck_convolution(
        taps: depth, filters: filters, rows: geometry.window.output.1,
        columns: geometry.window.output.2, pitch: copy.pitch, offsets: offsets.baseAddress)
      for index in 0..<geometry.batch * geometry.groups {
        copy.fill(from: image.floats + index * geometry.channels * geometry.imageArea)
        ck_convolution_transpose_f32(
          turned.floats, gradient.floats + index * filters * area, filters, area)
        ck_convolution_weight_f32(
          sums.floats + index % geometry.groups * blocks * depth * block, copy.storage.floats,
          turned.floats, &shape)
      }
    }
    for group in 0..<geometry.groups {
      let source = sums.floats + group * blocks * depth * block
      let target = weight.floats + group * filters * depth
      for filter in 0..<filters {
        let column = source + filter / block * depth * block + filter % block
        for tap in 0..<depth { target[filter * depth + tap] = column[tap * block] }
      }
    }
  }

  /// The filters in blocks of eight, with their biases first.
  private static func pack(
    _ filters: Int, _ taps: Int, _ bias: UnsafePointer<Float>?,
    _ weight: (_ filter: Int, _ tap: Int) -> Float
  ) -> NDArray {
    let block = Int(CK_FILTER_BLOCK)
    let blocks = (filters + block - 1) / block
    let result = Kernels.zeros([blocks, taps + 1, block], .float32)
    for filter in 0..<filters {
      let target = result.floats + filter / block * (taps + 1) * block + filter % block
      if let bias { target[0] = bias[filter] }
      for tap in 0..<taps { target[(tap + 1) * block] = weight(filter, tap) }
    }
    return result
  }

  private static func run(
    _ copy: PaddedCopy, _ offsets: [Int64], _ packed: [NDArray], filters: Int, rows: Int,
    columns: Int,
    image: NDArray, imageStep: Int, result: NDArray, resultStep: Int, blocks: Int
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      var shape = ck_convolution(
        taps: offsets.count, filters: filters, rows: rows, columns: columns, pitch: copy.pitch,
        offsets: offsets.baseAddress)
      for index in 0..<blocks {
        copy.fill(from: image.floats + index * imageStep)
        ck_convolution_f32(
          result.floats + index * resultStep, copy.storage.floats,
          packed[index % packed.count].floats, &shape)
      }
    }
  }
}
