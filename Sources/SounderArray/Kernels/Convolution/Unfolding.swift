import CKernels

extension Kernels {
  /// The columns of all windows of images [batch, channels, height, width]:
  /// [batch, channels · kernel, windows].
  public static func unfoldColumns(
    _ input: NDArray, _ kernelSize: [Int], _ dilation: [Int], _ padding: [Int], _ stride: [Int]
  ) -> NDArray {
    let geometry = unfolding("unfold", input.shape, kernelSize, dilation, padding, stride)
    guard let loop = ck_image_to_columns(input.dtype.byteSize) else {
      Elementwise.unsupported("unfold", input.dtype)
    }
    let result = NDArray(
      uninitialized: [geometry.batch, geometry.depth, geometry.resultArea], input.dtype)
    forEachSample(of: geometry, images: input.contiguous(), columns: result) {
      image, columns, window in loop(columns, image, &window)
    }
    return result
  }

  /// The adjoint of ``unfoldColumns(_:_:_:_:_:)``: columns added up to images of `outputSize`.
  public static func foldColumns(
    _ input: NDArray, _ outputSize: [Int], _ kernelSize: [Int], _ dilation: [Int],
    _ padding: [Int], _ stride: [Int]
  ) -> NDArray {
    let kernel = ConvolutionParameters.expanded(kernelSize, 2, least: 1, "fold", "kernel_size")
    let size = ConvolutionParameters.expanded(outputSize, 2, least: 1, "fold", "output_size")
    require(
      input.rank == 3 && input.shape[1] % (kernel[0] * kernel[1]) == 0,
      "fold: columns \(input.shape) do not fit a kernel of \(kernel)")
    let image: Shape = [input.shape[0], input.shape[1] / (kernel[0] * kernel[1]), size[0], size[1]]
    let geometry = unfolding("fold", image, kernel, dilation, padding, stride)
    require(
      input.shape[2] == geometry.resultArea,
      "fold: columns \(input.shape) do not fit the \(geometry.resultArea) windows of \(image)")
    guard let loop = ck_columns_to_image(input.dtype.rawValue) else {
      Elementwise.unsupported("fold", input.dtype)
    }
    let result = zeros(image, input.dtype)
    forEachSample(of: geometry, images: result, columns: input.contiguous()) {
      image, columns, window in loop(image, columns, &window)
    }
    return result
  }

  /// Calls `body` with the memory of each sample's image and columns.
  private static func forEachSample(
    of geometry: ConvolutionGeometry, images: NDArray, columns: NDArray,
    _ body: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, inout ck_window) -> Void
  ) {
    var window = geometry.window
    for sample in 0..<geometry.batch {
      body(
        images.address(sample * geometry.channels * geometry.imageArea),
        columns.address(sample * geometry.depth * geometry.resultArea), &window)
    }
  }

  private static func unfolding(
    _ name: StaticString, _ image: Shape, _ kernelSize: [Int], _ dilation: [Int],
    _ padding: [Int], _ stride: [Int]
  ) -> ConvolutionGeometry {
    require(
      image.count == 4, "\(name): expects images [batch, channels, height, width], not \(image)")
    let kernel = ConvolutionParameters.expanded(kernelSize, 2, least: 1, name, "kernel_size")
    return ConvolutionParameters(name, spatial: 2, stride, padding, dilation, 1)
      .forward(name, image: image, weight: [1, image[1], kernel[0], kernel[1]])
  }
}
