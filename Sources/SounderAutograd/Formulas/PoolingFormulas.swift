import SounderArray

/// Max pooling over the last two dimensions, or over the last one (`isOneDimensional`), with the
/// indices of the maxima.
func maxPoolComposite(
  _ input: Tensor, _ kernelSize: [Int], _ stride: [Int]?, _ padding: [Int], _ dilation: [Int],
  _ ceilMode: Bool, isOneDimensional: Bool = false
) -> (Tensor, Tensor) {
  guard isOneDimensional else {
    return input.maxPool2dWithIndices(kernelSize, stride, padding, dilation, ceilMode)
  }
  let (output, indices) = row(input, "max_pool1d").maxPool2dWithIndices(
    [1] + kernelSize, stride.map { $0.isEmpty ? [] : [1] + $0 }, [0] + padding, [1] + dilation,
    ceilMode)
  return (output.squeeze(-2), indices.squeeze(-2))
}

/// The results of max pooling as PyTorch's functions return them: the indices only if wanted.
func listed(_ results: (Tensor, Tensor), _ returnIndices: Bool) -> [Tensor] {
  returnIndices ? [results.0, results.1] : [results.0]
}

/// Average pooling over the last dimension.
func avgPool1dComposite(
  _ input: Tensor, _ kernelSize: [Int], _ stride: [Int]?, _ padding: [Int], _ ceilMode: Bool,
  _ countIncludePad: Bool
) -> Tensor {
  row(input, "avg_pool1d").avgPool2d(
    [1] + kernelSize, stride: stride.map { $0.isEmpty ? [] : [1] + $0 }, padding: [0] + padding,
    ceilMode: ceilMode, countIncludePad: countIncludePad
  ).squeeze(-2)
}

/// A signal [*, length] as an image [*, 1, length].
private func row(_ input: Tensor, _ name: StaticString) -> Tensor {
  require(
    input.rank == 2 || input.rank == 3,
    "\(name): expects 2 dimensions, or 3 with batch, not shape \(input.shape)")
  return input.unsqueeze(-2)
}

/// Means over as many intervals of equal length, up to rounding, as `outputSize` says, along the last
/// dimensions; nil keeps an extent.
func adaptiveAvgPoolComposite(
  _ name: StaticString, _ input: Tensor, _ outputSize: [Int?], _ spatial: Int
) -> Tensor {
  require(
    input.rank == spatial + 1 || input.rank == spatial + 2,
    "\(name): expects \(spatial + 1) dimensions, or \(spatial + 2) with batch, not \(input.shape)")
  require(
    outputSize.count == spatial || outputSize.count == 1,
    "\(name): output_size \(outputSize) does not fit \(spatial) dimensions")
  require(input.dtype.isFloatingPoint, "\(name): not defined for \(input.dtype.name)")
  let first = input.rank - spatial
  require(
    input.shape[(first - 1)...].allSatisfy { $0 > 0 },
    "\(name): extents other than the batch must not be zero (\(input.shape))")
  var result = input
  for axis in 0..<spatial {
    let size = input.shape[first + axis]
    let count = (outputSize.count == 1 ? outputSize[0] : outputSize[axis]) ?? size
    require(count >= 0, "\(name): output_size \(outputSize) is negative")
    if count != size { result = result.resampled(first + axis, .means(size, count)) }
  }
  return result.shape == input.shape ? input.clone() : result
}

/// A sparse linear map along a dimension: for each result the elements it is made of.
struct AxisMap {
  let size: Int
  let indices: NDArray
  let weights: NDArray

  init(size: Int, count: Int, taps: Int, _ tap: (_ position: Int, _ tap: Int) -> (Int, Double)) {
    var indices: [Int] = []
    var weights: [Double] = []
    for position in 0..<count {
      for index in 0..<taps {
        let (source, weight) = tap(position, index)
        indices.append(source)
        weights.append(weight)
      }
    }
    self.size = size
    self.indices = NDArray(indices, shape: [count, taps])
    self.weights = NDArray(weights, shape: [count, taps])
  }

  /// Means of `count` intervals [⌊jn/count⌋, ⌈(j+1)n/count⌉).
  static func means(_ size: Int, _ count: Int) -> AxisMap {
    func bounds(_ position: Int) -> (Int, Int) {
      (position * size / count, ((position + 1) * size + count - 1) / count)
    }
    let longest = (0..<count).map { bounds($0).1 - bounds($0).0 }.max() ?? 1
    return AxisMap(size: size, count: count, taps: longest) { position, tap in
      let (start, end) = bounds(position)
      return start + tap < end ? (start + tap, 1 / Double(end - start)) : (start, 0)
    }
  }
}

extension Tensor {
  /// The tensor with a map applied along one dimension.
  func resampled(_ dim: Int, _ map: AxisMap) -> Tensor {
    axisMap(dim, Tensor(map.indices), Tensor(map.weights), map.size, false)
  }
}
