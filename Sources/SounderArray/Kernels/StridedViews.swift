import CKernels

/// Views given by shape, strides and offset, and the linear maps that belong to them.
///
/// "The layout of the input" is the shape, strides and offset of the array a view was taken of. Its
/// derivative has the same shape but lies contiguously, so it is laid out like the input first.
extension Kernels {
  /// A view with any shape, strides and first element, all counted in the storage.
  public static func asStrided(
    _ self: NDArray, _ size: [Int], _ stride: [Int], _ storageOffset: Int? = nil
  ) -> NDArray {
    let region = StorageRegion(size, stride, storageOffset ?? self.offset, "as_strided")
    let capacity = self.storage.byteCount / self.dtype.byteSize
    require(
      region.end <= capacity,
      "as_strided: size \(size) with strides \(stride) from \(region.offset) ends at \(region.end), "
        + "the storage has \(capacity) elements")
    return self.viewed(region.shape, region.strides, offset: region.offset)
  }

  /// The elements that ``asStrided(_:_:_:_:)`` picks from an array laid out like the input, as a copy.
  public static func asStridedSelect(
    _ self: NDArray, _ inputStrides: [Int], _ inputOffset: Int, _ size: [Int], _ stride: [Int],
    _ storageOffset: Int
  ) -> NDArray {
    let input = StorageRegion(
      Array(self.shape), inputStrides, inputOffset, "as_strided_select")
    let output = StorageRegion(size, stride, storageOffset, "as_strided_select")
    let memory = StorageRegion.memory(for: input, output, self.dtype)
    input.view(of: memory, from: output).copy(from: self)
    return output.view(of: memory, from: input).copied()
  }

  /// The gradient of ``asStrided(_:_:_:_:)``: elements that occur several times in the view are added.
  public static func asStridedBackward(
    _ gradOutput: NDArray, _ inputSizes: [Int], _ inputStrides: [Int], _ inputOffset: Int,
    _ stride: [Int], _ storageOffset: Int
  ) -> NDArray {
    let input = StorageRegion(inputSizes, inputStrides, inputOffset, "as_strided_backward")
    let output = StorageRegion(
      Array(gradOutput.shape), stride, storageOffset, "as_strided_backward")
    let memory = StorageRegion.memory(for: input, output, gradOutput.dtype)
    output.view(of: memory, from: input).addOverlapping(gradOutput)
    let gradient = input.view(of: memory, from: output)
    guard input.mayOverlapItself else { return gradient.copied() }
    // Every copy of an element in an overlapping input gets an equal share.
    let counts = StorageRegion.memory(for: input, output, gradOutput.dtype)
    let ones = NDArray(scalar: 1, gradOutput.dtype).broadcast(to: input.shape)
    input.view(of: counts, from: output).addOverlapping(ones)
    return div(gradient, input.view(of: counts, from: output))
  }

  /// A contiguous copy of an array with other values in a strided region of it.
  public static func asStridedScatter(
    _ self: NDArray, _ src: NDArray, _ size: [Int], _ stride: [Int], _ storageOffset: Int? = nil
  ) -> NDArray {
    let result = self.copied()
    let region = asStrided(result, size, stride, storageOffset ?? 0)
    require(
      src.shape == region.shape,
      "as_strided_scatter: the values have shape \(src.shape), the region \(region.shape)")
    region.copy(from: src)
    return result
  }
}

/// A shape with strides and an offset in some storage.
private struct StorageRegion {
  let shape: Shape
  let strides: Strides
  let offset: Int

  init(_ size: [Int], _ stride: [Int], _ offset: Int, _ operation: StaticString) {
    require(
      size.count == stride.count,
      "\(operation): \(size.count) extents and \(stride.count) strides")
    require(
      offset >= 0 && size.allSatisfy { $0 >= 0 } && stride.allSatisfy { $0 >= 0 },
      "\(operation): extents, strides and offset must not be negative (\(size), \(stride), \(offset))"
    )
    shape = Shape(size)
    strides = Strides(stride)
    self.offset = offset
  }

  /// The end of the memory the region touches, in elements.
  var end: Int {
    if shape.elementCount == 0 { return offset }
    return shape.indices.reduce(offset + 1) { $0 + (shape[$1] - 1) * strides[$1] }
  }

  /// Whether two indices may lead to one element: judged by extents and strides in ascending order.
  var mayOverlapItself: Bool {
    var reach = 0
    for axis in shape.indices.sorted(by: { strides[$0] < strides[$1] }) where shape[axis] > 1 {
      if strides[axis] <= reach { return true }
      reach += (shape[axis] - 1) * strides[axis]
    }
    return false
  }

  /// Zeros that hold both regions, from the first element of either.
  static func memory(for a: StorageRegion, _ b: StorageRegion, _ dtype: DType) -> NDArray {
    let start = min(a.offset, b.offset)
    return Kernels.zeros([max(a.end, b.end) - start], dtype)
  }

  /// This region of memory made for it and another one.
  func view(of memory: NDArray, from other: StorageRegion) -> NDArray {
    memory.viewed(shape, strides, offset: offset - min(offset, other.offset))
  }
}

extension NDArray {
  /// Adds element by element where several elements of this array may be one in memory.
  fileprivate func addOverlapping(_ values: NDArray) {
    guard let loop = ck_binary(CK_ADD, dtype.rawValue) else { return }
    let nest = LoopNest(shape, strides, values.strides)
    let inner = nest.inner
    nest.forEachRun { offsets, count in
      let target = address(offsets[0])
      let source = values.address(offsets[1])
      if inner[0] != 0 {
        loop(target, inner[0], target, inner[0], source, inner[1], count, nil)
        return
      }
      for index in 0..<count {
        let value = values.address(offsets[1] + index * inner[1])
        loop(target, 1, target, 1, value, 1, 1, nil)
      }
    }
  }
}
