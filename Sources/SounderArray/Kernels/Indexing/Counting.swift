import CKernels

/// Operators whose results depend on which elements there are.
extension Kernels {
  /// The indices of the elements that are not zero, in order: [number, dimensions].
  public static func argwhere(_ self: NDArray) -> NDArray {
    let mask = self.cast(to: .bool).contiguous()
    let flags = mask.pointer.assumingMemoryBound(to: UInt8.self)
    let result = NDArray(
      uninitialized: [ck_count_set(flags, mask.count), mask.rank], .int64)
    ck_nonzero(flags, mask.count, result.indices, Array(mask.shape), mask.rank)
    return result
  }

  /// How often each number from zero occurs, or the sum of its weights.
  public static func bincount(
    _ input: NDArray, _ weights: NDArray? = nil, _ minlength: Int = 0
  ) -> NDArray {
    require(
      input.rank == 1 && !input.dtype.isDifferentiable,
      "bincount: expects integers in one dimension, not \(input.dtype.name)\(input.shape)")
    require(minlength >= 0, "bincount: minlength is \(minlength), must not be negative")
    require(
      weights == nil || weights?.shape == input.shape,
      "bincount: the weights have another shape than the input \(input.shape)")
    let values = input.cast(to: .int64).contiguous()
    var length = minlength
    for position in 0..<values.count {
      let value = Int(values.indices[position])
      require(value >= 0, "bincount: element \(value) is negative")
      length = Swift.max(length, value + 1)
    }
    let dtype: DType = weights.map { $0.dtype == .float32 ? .float32 : .float64 } ?? .int64
    let source = weights?.cast(to: dtype) ?? NDArray(scalar: 1, dtype).broadcast(to: values.shape)
    return scatterAdd(zeros([length], dtype), 0, values, source)
  }

  /// A last dimension with 1 at the index that was the element, and 0 elsewhere.
  public static func oneHot(_ input: NDArray, _ numClasses: Int = -1) -> NDArray {
    require(
      input.dtype == .int64, "one_hot: expects int64, not \(input.dtype.name)")
    let values = input.contiguous()
    var largest = -1
    for position in 0..<values.count {
      let value = Int(values.indices[position])
      require(
        value >= 0 && (numClasses < 0 || value < numClasses),
        "one_hot: \(value) is not one of \(numClasses < 0 ? "the" : "\(numClasses)") classes")
      largest = Swift.max(largest, value)
    }
    require(
      numClasses > 0 || numClasses == -1 && largest >= 0,
      "one_hot: the number of classes, \(numClasses), cannot be derived from shape \(input.shape)")
    let classes = numClasses > 0 ? numClasses : largest + 1
    let result = zeros(input.shape.inserting(classes, at: input.rank), .int64)
    for position in 0..<values.count {
      result.indices[position * classes + Int(values.indices[position])] = 1
    }
    return result
  }
}
