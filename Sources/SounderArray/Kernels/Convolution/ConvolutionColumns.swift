import CKernels

/// Convolutions as matrix products with columns of windows, for every type.
///
/// Samples are treated one by one, so a sample's result does not depend on the batch.
enum ConvolutionColumns {
  /// result[n, g] = weight[g] × columns(image[n, g]).
  static func forward(
    _ geometry: ConvolutionGeometry, image: NDArray, weight: NDArray, into result: NDArray
  ) {
    if result.count == 0 { return }
    forEachGroup(geometry, image, weight, result) { image, weight, result in
      multiply(weight, columns(geometry, image), into: result, accumulate: false)
    }
  }

  /// image[n, g] = the adjoint of the columns of weight[g]ᵀ × gradient[n, g].
  static func imageGradient(
    _ geometry: ConvolutionGeometry, gradient: NDArray, weight: NDArray, into image: NDArray
  ) {
    image.fill(0)
    if image.count == 0 || gradient.count == 0 { return }
    guard let scatter = ck_columns_to_image(image.dtype.rawValue) else {
      Elementwise.unsupported("convolution", image.dtype)
    }
    let columns = NDArray(uninitialized: [geometry.depth, geometry.resultArea], image.dtype)
    var window = geometry.window
    forEachGroup(geometry, image, weight, gradient) { image, weight, gradient in
      multiply(Kernels.t(weight), gradient, into: columns, accumulate: false)
      scatter(image.pointer, columns.pointer, &window)
    }
  }

  /// weight[g] = Σₙ gradient[n, g] × columns(image[n, g])ᵀ, in the order of the samples.
  static func weightGradient(
    _ geometry: ConvolutionGeometry, gradient: NDArray, image: NDArray, into weight: NDArray
  ) {
    weight.fill(0)
    if gradient.count == 0 { return }
    forEachGroup(geometry, image, weight, gradient) { image, weight, gradient in
      multiply(
        gradient, Kernels.t(columns(geometry, image)), into: weight, accumulate: true)
    }
  }

  /// Calls `body` with the matrices [channels, area], [filters, depth] and [filters, result area] of
  /// every sample and group.
  private static func forEachGroup(
    _ geometry: ConvolutionGeometry, _ image: NDArray, _ weight: NDArray, _ result: NDArray,
    _ body: (_ image: NDArray, _ weight: NDArray, _ result: NDArray) -> Void
  ) {
    let (channels, filters) = (geometry.channels, geometry.filters)
    let (area, outputs, depth) = (geometry.imageArea, geometry.resultArea, geometry.depth)
    for block in 0..<geometry.batch * geometry.groups {
      let group = block % geometry.groups
      body(
        image.viewed([channels, area], [area, 1], offset: image.offset + block * channels * area),
        weight.viewed(
          [filters, depth], [depth, 1], offset: weight.offset + group * filters * depth),
        result.viewed(
          [filters, outputs], [outputs, 1], offset: result.offset + block * filters * outputs))
    }
  }

  /// The windows of one group as a matrix [depth, result area].
  private static func columns(_ geometry: ConvolutionGeometry, _ image: NDArray) -> NDArray {
    guard let gather = ck_image_to_columns(image.dtype.byteSize) else {
      Elementwise.unsupported("convolution", image.dtype)
    }
    let result = NDArray(uninitialized: [geometry.depth, geometry.resultArea], image.dtype)
    var window = geometry.window
    gather(result.pointer, image.pointer, &window)
    return result
  }

  private static func multiply(
    _ a: NDArray, _ b: NDArray, into c: NDArray, accumulate: Bool
  ) {
    if c.dtype.isDifferentiable {
      MatrixProduct.multiply(a, b, into: c, beta: accumulate ? 1 : 0)
    } else {
      let product = NDArray(uninitialized: c.shape, c.dtype)
      MatrixProduct.multiplyExactly(a, b, into: product)
      if accumulate { _ = Kernels.add(c, product, out: c) } else { c.copy(from: product) }
    }
  }
}
