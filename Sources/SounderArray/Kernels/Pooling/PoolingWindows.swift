import CKernels

/// The windows of a pooling operator over the last two dimensions, checked.
struct PoolingWindows {
  /// The windows as the loops take them.
  var pool = ck_pool()
  /// The shape of the result.
  let output: Shape

  init(
    _ name: StaticString, _ input: Shape, _ kernel: [Int], _ stride: [Int]?, _ padding: [Int],
    _ dilation: [Int], _ ceilMode: Bool
  ) {
    require(
      input.count == 3 || input.count == 4,
      "\(name): expects 3 dimensions, or 4 with batch, not shape \(input)")
    require(
      input.dropFirst(input.count - 3).allSatisfy { $0 > 0 },
      "\(name): extents other than the batch must not be zero (\(input))")
    func pair(_ values: [Int], _ least: Int, _ parameter: StaticString) -> [Int] {
      ConvolutionParameters.expanded(values, 2, least: least, name, parameter)
    }
    let kernel = pair(kernel, 1, "kernel_size")
    // An empty list stands for the default too, as in PyTorch.
    let stride = stride.map { $0.isEmpty ? kernel : pair($0, 1, "stride") } ?? kernel
    let padding = pair(padding, 0, "padding")
    let dilation = pair(dilation, 1, "dilation")
    let size = Array(input.suffix(2))
    var output = [0, 0]
    for axis in 0..<2 {
      require(
        padding[axis] * 2 <= kernel[axis],
        "\(name): padding \(padding) is more than half of the kernel \(kernel)")
      output[axis] = Self.count(
        size[axis], kernel[axis], stride[axis], padding[axis], dilation[axis], ceilMode)
      require(
        output[axis] > 0,
        "\(name): windows of \(kernel) with dilation \(dilation) do not fit into \(input)")
    }
    self.output = Shape(Array(input.dropLast(2)) + output)
    pool.planes = input.dropLast(2).reduce(1, *)
    pool.size = (size[0], size[1])
    pool.kernel = (kernel[0], kernel[1])
    pool.output = (output[0], output[1])
    pool.stride = (stride[0], stride[1])
    pool.padding = (padding[0], padding[1])
    pool.dilation = (dilation[0], dilation[1])
  }

  /// The number of windows along one dimension; with `ceilMode` a last one may hang over the end, but
  /// starts inside the input or its left padding.
  private static func count(
    _ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int, _ ceilMode: Bool
  ) -> Int {
    let room = size + 2 * padding - dilation * (kernel - 1) - 1 + (ceilMode ? stride - 1 : 0)
    if room < 0 { return 0 }
    let count = room / stride + 1
    return ceilMode && (count - 1) * stride >= size + padding ? count - 1 : count
  }
}
