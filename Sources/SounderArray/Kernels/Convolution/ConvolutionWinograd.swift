import CKernels

/// 3 × 3 convolutions of float32 with stride 1 by Winograd's F(2×2, 3×3), which takes 16 products for
/// what costs 36 directly.
///
/// The transforms add and halve only, so rounding errors stay about those of the direct sum. As there,
/// samples are treated one by one.
enum ConvolutionWinograd {
  /// Whether the filters have the right form and there are enough of them to pay for the transforms.
  static func serves(_ geometry: ConvolutionGeometry, _ dtype: DType) -> Bool {
    let window = geometry.window
    return ConvolutionDirect.serves(geometry, dtype) && window.kernel.1 == 3
      && window.kernel.2 == 3 && window.stride.1 == 1 && window.stride.2 == 1
      && window.dilation.1 == 1 && window.dilation.2 == 1 && geometry.channels >= 16
      && geometry.filters >= 16 && min(window.output.1, window.output.2) >= 6
  }

  /// result[n, g] = weight[g] * image[n, g] + bias[g].
  static func forward(
    _ geometry: ConvolutionGeometry, image: NDArray, weight: NDArray, bias: NDArray?,
    into result: NDArray
  ) {
    let window = geometry.window
    run(
      size: (window.size.1, window.size.2), padding: (window.padding.1, window.padding.2),
      rows: window.output.1, columns: window.output.2, channels: geometry.channels,
      filters: geometry.filters, geometry, image: image, weight: weight, bias: bias,
      isTurned: false, into: result)
  }

  /// image[n, g]: the convolution of the gradient with the filters turned round.
  static func imageGradient(
    _ geometry: ConvolutionGeometry, gradient: NDArray, weight: NDArray, into image: NDArray
  ) {
    let window = geometry.window
    run(
      size: (window.output.1, window.output.2),
      padding: (2 - window.padding.1, 2 - window.padding.2), rows: window.size.1,
      columns: window.size.2, channels: geometry.filters, filters: geometry.channels, geometry,
      image: gradient, weight: weight, bias: nil, isTurned: true, into: image)
  }

  /// weight[g] = Σₙ gradient[n, g] · image[n, g].
  static func weightGradient(
    _ geometry: ConvolutionGeometry, gradient: NDArray, image: NDArray, into weight: NDArray
  ) {
    let window = geometry.window
    let (filters, channels, area) = (geometry.filters, geometry.channels, geometry.resultArea)
    let blocks = (filters + CK_GRADIENT_BLOCK - 1) / CK_GRADIENT_BLOCK
    var shape = tiles(channels, filters, window.output.1, window.output.2)
    let copy = copy(shape, (window.size.1, window.size.2), (window.padding.1, window.padding.2))
    let turned = NDArray(uninitialized: [blocks * CK_GRADIENT_BLOCK * area], .float32)
    let sums = Kernels.zeros(
      [geometry.groups, blocks * CK_GRADIENT_BLOCK * channels * 16], .float32)
    let scratch = NDArray(uninitialized: [ck_winograd_scratch(&shape)], .float32)
    for index in 0..<geometry.batch * geometry.groups {
      copy.fill(from: image.floats + index * channels * geometry.imageArea)
      ck_convolution_transpose_f32(
        turned.floats, gradient.floats + index * filters * area, filters, area)
      ck_winograd_weight_f32(
        sums.floats + index % geometry.groups * sums.strides[0], copy.storage.floats,
        turned.floats, scratch.floats, &shape)
    }
    for group in 0..<geometry.groups {
      ck_winograd_weight_finish_f32(
        weight.floats + group * filters * channels * 9, sums.floats + group * sums.strides[0],
        filters, channels)
    }
  }

  private static func run(
    size: (Int, Int), padding: (Int, Int), rows: Int, columns: Int, channels: Int, filters: Int,
    _ geometry: ConvolutionGeometry, image: NDArray, weight: NDArray, bias: NDArray?,
    isTurned: Bool, into result: NDArray
  ) {
    var shape = tiles(channels, filters, rows, columns)
    let copy = copy(shape, size, padding)
    let blocks = (filters + CK_FILTER_BLOCK - 1) / CK_FILTER_BLOCK
    let packed = Kernels.zeros(
      [geometry.groups, blocks * CK_FILTER_BLOCK * channels * 16], .float32)
    let (outer, inner) = isTurned ? (9, 9 * filters) : (9 * channels, 9)
    for group in 0..<geometry.groups {
      ck_winograd_filters_f32(
        packed.floats + group * packed.strides[0],
        weight.floats + group * filters * channels * 9, filters, channels, outer, inner,
        isTurned ? 1 : 0)
    }
    let scratch = NDArray(uninitialized: [ck_winograd_scratch(&shape)], .float32)
    let bias = bias?.contiguous()
    for index in 0..<geometry.batch * geometry.groups {
      let group = index % geometry.groups
      copy.fill(from: image.floats + index * channels * size.0 * size.1)
      ck_winograd_f32(
        result.floats + index * filters * rows * columns, copy.storage.floats,
        packed.floats + group * packed.strides[0], bias.map { $0.floats + group * filters },
        scratch.floats, &shape)
    }
  }

  private static func tiles(_ channels: Int, _ filters: Int, _ rows: Int, _ columns: Int)
    -> ck_winograd
  {
    ck_winograd(
      channels: channels, filters: filters, rows: rows, columns: columns,
      tile_rows: (rows + 1) / 2, tile_columns: (columns + 1) / 2)
  }

  private static func copy(_ shape: ck_winograd, _ size: (Int, Int), _ padding: (Int, Int))
    -> PaddedCopy
  {
    PaddedCopy(
      channels: shape.channels, size: size, stride: (2, 2), padding: padding,
      rows: shape.tile_rows + 1, pitch: shape.tile_columns + 1)
  }
}
