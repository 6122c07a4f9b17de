extension Kernels {
  /// A convolution or its transpose over one to three dimensions, with batch; see
  /// ``ConvolutionGeometry`` for the shapes.
  public static func convolution(
    _ input: NDArray, _ weight: NDArray, _ bias: NDArray?, _ stride: [Int], _ padding: [Int],
    _ dilation: [Int], _ transposed: Bool, _ outputPadding: [Int], _ groups: Int
  ) -> NDArray {
    let parameters = checked(
      "convolution", input, weight, bias, stride, padding, dilation, groups)
    let (x, w) = (input.contiguous(), weight.contiguous())
    let result: NDArray
    if transposed {
      let geometry = parameters.transposed(
        "convolution", input: x.shape, weight: w.shape, outputPadding: outputPadding)
      checkBias(bias, geometry.image[1])
      result = NDArray(uninitialized: geometry.image, x.dtype)
      imageGradient(geometry, gradient: x, weight: w, into: result)
      if let bias { _ = add(result, channelShaped(bias, result), out: result) }
    } else {
      let geometry = parameters.forward("convolution", image: x.shape, weight: w.shape)
      checkBias(bias, geometry.result[1])
      result = NDArray(uninitialized: geometry.result, x.dtype)
      if ConvolutionWinograd.serves(geometry, x.dtype) {
        ConvolutionWinograd.forward(geometry, image: x, weight: w, bias: bias, into: result)
      } else if ConvolutionDirect.serves(geometry, x.dtype) {
        ConvolutionDirect.forward(geometry, image: x, weight: w, bias: bias, into: result)
      } else {
        ConvolutionColumns.forward(geometry, image: x, weight: w, into: result)
        if let bias { _ = add(result, channelShaped(bias, result), out: result) }
      }
    }
    return result
  }

  /// The gradient of a convolution for its image, which has the shape `imageSize`: the adjoint, with
  /// zeros where no window reached.
  public static func convolutionImageGradient(
    _ grad: NDArray, _ weight: NDArray, _ imageSize: [Int], _ stride: [Int], _ padding: [Int],
    _ dilation: [Int], _ groups: Int
  ) -> NDArray {
    let name: StaticString = "convolution_image_gradient"
    let parameters = checked(name, grad, weight, nil, stride, padding, dilation, groups)
    let geometry = adjoint(name, parameters, Shape(imageSize), weight.shape, grad.shape)
    let result = NDArray(uninitialized: geometry.image, grad.dtype)
    imageGradient(
      geometry, gradient: grad.contiguous(), weight: weight.contiguous(), into: result)
    return result
  }

  /// The gradient of a convolution for its weight, which has the shape `weightSize`.
  public static func convolutionWeightGradient(
    _ grad: NDArray, _ input: NDArray, _ weightSize: [Int], _ stride: [Int], _ padding: [Int],
    _ dilation: [Int], _ groups: Int, out: NDArray? = nil
  ) -> NDArray {
    let name: StaticString = "convolution_weight_gradient"
    let parameters = checked(name, grad, input, nil, stride, padding, dilation, groups)
    let geometry = adjoint(name, parameters, input.shape, Shape(weightSize), grad.shape)
    let result = Elementwise.destination(
      out, geometry.weight, grad.dtype, inputs: grad, input, name: name)
    let target = result.isContiguous ? result : NDArray(uninitialized: result.shape, result.dtype)
    let (gradient, image) = (grad.contiguous(), input.contiguous())
    if ConvolutionWinograd.serves(geometry, grad.dtype) {
      ConvolutionWinograd.weightGradient(geometry, gradient: gradient, image: image, into: target)
    } else if ConvolutionDirect.serves(geometry, grad.dtype) {
      ConvolutionDirect.weightGradient(geometry, gradient: gradient, image: image, into: target)
    } else {
      ConvolutionColumns.weightGradient(geometry, gradient: gradient, image: image, into: target)
    }
    if target.storage !== result.storage { result.copy(from: target) }
    return Elementwise.deliver(result, out, name: name)
  }

  private static func imageGradient(
    _ geometry: ConvolutionGeometry, gradient: NDArray, weight: NDArray, into image: NDArray
  ) {
    if ConvolutionWinograd.serves(geometry, gradient.dtype) {
      ConvolutionWinograd.imageGradient(geometry, gradient: gradient, weight: weight, into: image)
    } else if ConvolutionDirect.servesImageGradient(geometry, gradient.dtype) {
      ConvolutionDirect.imageGradient(geometry, gradient: gradient, weight: weight, into: image)
    } else {
      ConvolutionColumns.imageGradient(geometry, gradient: gradient, weight: weight, into: image)
    }
  }

  private static func checked(
    _ name: StaticString, _ a: NDArray, _ b: NDArray, _ bias: NDArray?, _ stride: [Int],
    _ padding: [Int], _ dilation: [Int], _ groups: Int
  ) -> ConvolutionParameters {
    require(
      a.rank >= 3 && a.rank <= 5,
      "\(name): expects 3 to 5 dimensions with batch and channels, not shape \(a.shape)")
    require(
      a.dtype == b.dtype && (bias == nil || bias?.dtype == a.dtype),
      "\(name): operands have different types (\(a.dtype.name), \(b.dtype.name))")
    require(
      a.dtype != .bool && a.dtype != .float16 && a.dtype != .bfloat16,
      "\(name): not defined for \(a.dtype.name)")
    return ConvolutionParameters(name, spatial: a.rank - 2, stride, padding, dilation, groups)
  }

  private static func adjoint(
    _ name: StaticString, _ parameters: ConvolutionParameters, _ image: Shape, _ weight: Shape,
    _ grad: Shape
  ) -> ConvolutionGeometry {
    let groups = parameters.groups
    require(
      image.count == grad.count && weight.count == grad.count && image[0] == grad[0]
        && weight[0] == grad[1] && weight[0] % groups == 0 && image[1] == weight[1] * groups,
      "\(name): gradient \(grad), image \(image) and weight \(weight) do not fit together with "
        + "\(groups) groups")
    return ConvolutionGeometry(
      name, image: image, weight: weight, output: Array(grad.dropFirst(2)),
      stride: parameters.stride, padding: parameters.padding, dilation: parameters.dilation,
      groups: groups)
  }

  private static func checkBias(_ bias: NDArray?, _ channels: Int) {
    require(
      bias.map { $0.shape == [channels] } ?? true,
      "convolution: bias \(bias?.shape ?? []) does not fit \(channels) channels")
  }

  /// A vector over channels as an array that broadcasts over batch and positions.
  static func channelShaped(_ vector: NDArray, _ target: NDArray) -> NDArray {
    var shape = Shape(repeating: 1, count: target.rank - 1)
    shape[0] = vector.count
    return reshape(vector, Array(shape))
  }
}
