import CKernels

extension Kernels {
  /// The largest elements over dimensions; NaN wins.
  public static func amax(_ self: NDArray, _ dim: [Int] = [], _ keepdim: Bool = false) -> NDArray {
    extremum(CK_MAX, self, dim, keepdim, self.dtype.bounds.0, "amax")
  }

  /// The smallest elements over dimensions; NaN wins.
  public static func amin(_ self: NDArray, _ dim: [Int] = [], _ keepdim: Bool = false) -> NDArray {
    extremum(CK_MIN, self, dim, keepdim, self.dtype.bounds.1, "amin")
  }

  /// The largest element.
  public static func max(_ self: NDArray) -> NDArray {
    extremum(CK_MAX, self, [], false, self.dtype.bounds.0, "max")
  }

  /// The smallest element.
  public static func min(_ self: NDArray) -> NDArray {
    extremum(CK_MIN, self, [], false, self.dtype.bounds.1, "min")
  }

  private static func extremum(
    _ op: ck_reduce_op, _ self: NDArray, _ dim: [Int], _ keepdim: Bool, _ initial: Scalar,
    _ name: StaticString
  ) -> NDArray {
    let reduction = Reduction(
      self, mask: Reduction.mask(dim, self.shape, name), keepdim: keepdim)
    require(
      reduction.elementsPerResult > 0 || reduction.shape.elementCount == 0,
      "\(name): no extremum over an empty dimension of shape \(self.shape)")
    return reduction.fold(op, into: self.dtype, initial: initial, name: name)
  }

  /// The larger of two elements; NaN if either is.
  public static func max(_ self: NDArray, _ other: NDArray) -> NDArray { maximum(self, other) }

  /// The smaller of two elements; NaN if either is.
  public static func min(_ self: NDArray, _ other: NDArray) -> NDArray { minimum(self, other) }

  /// The largest elements along a dimension and where they lie, the first at a tie.
  public static func max(_ self: NDArray, _ dim: Int, _ keepdim: Bool = false) -> (NDArray, NDArray)
  {
    let indices = position(ck_argmax(self.dtype.rawValue), self, dim, true, "max")
    return take(self, dim, indices, keepdim)
  }

  /// The smallest elements along a dimension and where they lie, the first at a tie.
  public static func min(_ self: NDArray, _ dim: Int, _ keepdim: Bool = false) -> (NDArray, NDArray)
  {
    let indices = position(ck_argmin(self.dtype.rawValue), self, dim, true, "min")
    return take(self, dim, indices, keepdim)
  }

  /// The index of the first largest element, of the flattened array or along a dimension.
  public static func argmax(_ self: NDArray, _ dim: Int? = nil, _ keepdim: Bool = false) -> NDArray
  {
    position(ck_argmax(self.dtype.rawValue), self, dim, keepdim, "argmax")
  }

  /// The index of the first smallest element, of the flattened array or along a dimension.
  public static func argmin(_ self: NDArray, _ dim: Int? = nil, _ keepdim: Bool = false) -> NDArray
  {
    position(ck_argmin(self.dtype.rawValue), self, dim, keepdim, "argmin")
  }

  /// Elements along a dimension at indices of extent 1, and the indices, as an operator returns both.
  static func take(_ self: NDArray, _ dim: Int, _ indices: NDArray, _ keepdim: Bool)
    -> (NDArray, NDArray)
  {
    let values = gather(self, dim, indices)
    return keepdim ? (values, indices) : (squeeze(values, dim), squeeze(indices, dim))
  }

  private static func position(
    _ loop: (@convention(c) (UnsafeRawPointer?, Int, Int) -> Int64)?, _ self: NDArray, _ dim: Int?,
    _ keepdim: Bool, _ name: StaticString
  ) -> NDArray {
    guard let loop else { Elementwise.unsupported(name, self.dtype) }
    guard let dim, self.rank > 0 else {
      require(self.count > 0, "\(name): the array is empty")
      if let dim { _ = self.shape.axis(dim, "\(name)") }
      let flat = self.contiguous()
      let index = NDArray(scalar: .int(Int(loop(flat.pointer, 1, flat.count))))
      return keepdim ? reshape(index, [Int](repeating: 1, count: self.rank)) : index
    }
    let axis = self.shape.axis(dim, "\(name)")
    let reduction = Reduction(self, mask: 1 << axis, keepdim: keepdim)
    require(
      self.shape[axis] > 0 || reduction.shape.elementCount == 0,
      "\(name): dimension \(dim) of shape \(self.shape) is empty")
    let result = NDArray(uninitialized: reduction.shape, .int64)
    let indices = result.indices
    reduction.forEachLine { position, line, stride, count in
      indices[position] = loop(line, stride, count)
    }
    return result
  }
}
