import CKernels

extension Kernels {
  /// The mean of each window of the last two dimensions; integers are divided towards zero.
  public static func avgPool2d(
    _ input: NDArray, _ kernelSize: [Int], _ stride: [Int]? = nil, _ padding: [Int] = [0],
    _ ceilMode: Bool = false, _ countIncludePad: Bool = true, _ divisorOverride: Int? = nil
  ) -> NDArray {
    var windows = meanWindows(
      "avg_pool2d", input.shape, kernelSize, stride, padding, ceilMode, countIncludePad,
      divisorOverride)
    guard let loop = ck_mean_pool(input.dtype.rawValue) else {
      Elementwise.unsupported("avg_pool2d", input.dtype)
    }
    let source = input.contiguous()
    let result = NDArray(uninitialized: windows.output, input.dtype)
    loop(result.pointer, source.pointer, &windows.pool)
    return result
  }

  /// The adjoint of ``avgPool2d(_:_:_:_:_:_:_:)``: the gradient of its input.
  public static func avgPool2dBackward(
    _ grad: NDArray, _ inputSize: [Int], _ kernelSize: [Int], _ stride: [Int]?, _ padding: [Int],
    _ ceilMode: Bool, _ countIncludePad: Bool, _ divisorOverride: Int?
  ) -> NDArray {
    let name: StaticString = "avg_pool2d_backward"
    var windows = meanWindows(
      name, Shape(inputSize), kernelSize, stride, padding, ceilMode, countIncludePad,
      divisorOverride)
    guard let loop = ck_mean_pool_adjoint(grad.dtype.rawValue) else {
      Elementwise.unsupported(name, grad.dtype)
    }
    require(
      grad.shape == windows.output,
      "\(name): gradient \(grad.shape) does not fit windows \(windows.output)")
    let source = grad.contiguous()
    let result = zeros(Shape(inputSize), grad.dtype)
    loop(result.pointer, source.pointer, &windows.pool)
    return result
  }

  private static func meanWindows(
    _ name: StaticString, _ input: Shape, _ kernelSize: [Int], _ stride: [Int]?, _ padding: [Int],
    _ ceilMode: Bool, _ countIncludePad: Bool, _ divisorOverride: Int?
  ) -> PoolingWindows {
    require(divisorOverride != 0, "\(name): divisor_override must not be zero")
    var windows = PoolingWindows(name, input, kernelSize, stride, padding, [1], ceilMode)
    windows.pool.counts_padding = countIncludePad ? 1 : 0
    windows.pool.divisor = Int64(divisorOverride ?? 0)
    return windows
  }
}
