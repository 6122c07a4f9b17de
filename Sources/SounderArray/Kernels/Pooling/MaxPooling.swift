import CKernels

extension Kernels {
  /// The largest element of each window of the last two dimensions, and its index in its plane.
  public static func maxPool2dWithIndices(
    _ input: NDArray, _ kernelSize: [Int], _ stride: [Int]?, _ padding: [Int], _ dilation: [Int],
    _ ceilMode: Bool
  ) -> (NDArray, NDArray) {
    var windows = PoolingWindows(
      "max_pool2d", input.shape, kernelSize, stride, padding, dilation, ceilMode)
    guard let loop = ck_max_pool(input.dtype.rawValue) else {
      Elementwise.unsupported("max_pool2d", input.dtype)
    }
    let source = input.contiguous()
    let result = NDArray(uninitialized: windows.output, input.dtype)
    let indices = NDArray(uninitialized: windows.output, .int64)
    loop(result.pointer, indices.indices, source.pointer, &windows.pool)
    return (result, indices)
  }

  /// Zeros in the shape `inputSize`, with the gradients of windows added where the indices of
  /// ``maxPool2dWithIndices(_:_:_:_:_:_:)`` say.
  public static func maxPool2dBackward(_ grad: NDArray, _ indices: NDArray, _ inputSize: [Int])
    -> NDArray
  {
    let result = zeros(Shape(inputSize), grad.dtype)
    movePlanes(
      "max_pool2d_backward", ck_plane_scatter_add(grad.dtype.rawValue), result, grad.contiguous(),
      indices, planes: result)
    return result
  }

  /// The elements of planes at the indices of windows.
  public static func maxPool2dGather(_ self: NDArray, _ indices: NDArray) -> NDArray {
    let result = NDArray(uninitialized: indices.shape, self.dtype)
    let source = self.contiguous()
    movePlanes(
      "max_pool2d_gather", ck_plane_gather(self.dtype.rawValue), result, source, indices,
      planes: source)
    return result
  }

  private typealias PlaneLoop =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeRawPointer?, UnsafePointer<Int64>?, Int, Int, Int
    ) -> Int32

  private static func movePlanes(
    _ name: StaticString, _ loop: PlaneLoop?, _ target: NDArray, _ source: NDArray,
    _ indices: NDArray, planes: NDArray
  ) {
    guard let loop else { Elementwise.unsupported(name, source.dtype) }
    let windows = planes.storage === source.storage ? target : source
    require(
      planes.rank >= 2 && indices.dtype == .int64 && indices.shape == windows.shape
        && indices.rank == planes.rank && indices.shape.dropLast(2) == planes.shape.dropLast(2),
      "\(name): indices \(indices.shape) and values \(windows.shape) do not fit planes \(planes.shape)"
    )
    let index = indices.contiguous()
    let count = index.shape.suffix(2).reduce(1, *)
    let area = planes.shape.suffix(2).reduce(1, *)
    require(
      loop(
        target.pointer, source.pointer, index.indices, planes.shape.dropLast(2).reduce(1, *), area,
        count) == 1,
      "\(name): an index lies outside its plane of \(area) elements")
  }
}
