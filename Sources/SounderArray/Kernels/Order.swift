import CKernels

extension Kernels {
  /// The elements in order along a dimension and where they came from; NaN counts as largest.
  ///
  /// Equal elements keep their order, whether `stable` asks for it or not.
  public static func sort(
    _ self: NDArray, _ dim: Int = -1, _ descending: Bool = false, _ stable: Bool = false
  ) -> (NDArray, NDArray) {
    let indices = argsort(self, dim, descending, stable)
    return (gather(self, dim, indices), indices)
  }

  /// The indices that put the elements along a dimension in order.
  public static func argsort(
    _ self: NDArray, _ dim: Int = -1, _ descending: Bool = false, _ stable: Bool = false
  ) -> NDArray {
    let length = self.rank == 0 ? 1 : self.shape[self.shape.axis(dim, "sort")]
    return ranked(self, dim, descending, "sort", 0..<length)
  }

  /// The k largest (or smallest) elements along a dimension, in order, and where they came from.
  public static func topk(
    _ self: NDArray, _ k: Int, _ dim: Int = -1, _ largest: Bool = true, _ sorted: Bool = true
  ) -> (NDArray, NDArray) {
    let length = self.rank == 0 ? 1 : self.shape[self.shape.axis(dim, "topk")]
    require(
      k >= 0 && k <= length, "topk: k = \(k) is out of range for dimension \(dim) of \(self.shape)")
    let indices = ranked(self, dim, largest, "topk", 0..<k)
    return (gather(self, dim, indices), indices)
  }

  /// The k-th smallest elements along a dimension, counted from 1, and where they lie.
  public static func kthvalue(
    _ self: NDArray, _ k: Int, _ dim: Int = -1, _ keepdim: Bool = false
  ) -> (NDArray, NDArray) {
    let length = self.rank == 0 ? 1 : self.shape[self.shape.axis(dim, "kthvalue")]
    require(
      k >= 1 && k <= length,
      "kthvalue: k = \(k) is out of range for dimension \(dim) of \(self.shape)")
    return take(self, dim, ranked(self, dim, false, "kthvalue", k - 1..<k), keepdim)
  }

  /// The median of all elements, the lower of two; NaN if any element is.
  public static func median(_ self: NDArray) -> NDArray {
    if self.count == 0 { return full(Shape(), .float(.nan), self.dtype) }
    return median(reshape(self, [-1]), 0, false).0
  }

  /// The medians along a dimension, the lower of two, and where they lie; NaN where any element is.
  public static func median(_ self: NDArray, _ dim: Int, _ keepdim: Bool = false)
    -> (NDArray, NDArray)
  {
    let length = self.rank == 0 ? 1 : self.shape[self.shape.axis(dim, "median")]
    require(length > 0, "median: dimension \(dim) of shape \(self.shape) is empty")
    let middle = (length - 1) / 2
    var indices = ranked(self, dim, false, "median", middle..<middle + 1)
    if self.dtype.isFloatingPoint {
      // A line with a NaN has it last; then the first of them is the median.
      let last = ranked(self, dim, false, "median", length - 1..<length)
      let largest = gather(self, dim, last)
      indices = `where`(ne(largest, largest), unsqueezed(argmax(self, dim), last.shape), indices)
    }
    return take(self, dim, indices, keepdim)
  }

  private static func unsqueezed(_ self: NDArray, _ shape: Shape) -> NDArray {
    reshape(self, [Int](shape))
  }

  /// The indices of the elements at a range of places in the order along a dimension.
  private static func ranked(
    _ self: NDArray, _ dim: Int, _ descending: Bool, _ name: StaticString, _ places: Range<Int>
  ) -> NDArray {
    guard let loop = ck_argsort(self.dtype.rawValue) else {
      Elementwise.unsupported(name, self.dtype)
    }
    let axis = self.shape.axis(dim, "\(name)")
    if self.rank == 0 { return zeros(places.isEmpty ? [0] : Shape(), .int64) }
    let length = self.shape[axis]
    var shape = self.shape
    shape[axis] = places.count
    let result = NDArray(uninitialized: shape, .int64)
    let (order, scratch) = (
      NDArray(uninitialized: [length], .int64), NDArray(uninitialized: [length], .int64)
    )
    let step = result.strides[axis]
    let nest = LoopNest(
      shape.removing(axis), result.strides.removing(axis), self.strides.removing(axis))
    nest.forEachRun { offsets, count in
      for line in 0..<count {
        loop(
          order.indices, scratch.indices, self.address(offsets[1] + line * nest.inner[1]),
          self.strides[axis], length, descending ? 1 : 0)
        let target = result.indices + offsets[0] + line * nest.inner[0]
        for place in places {
          target[(place - places.lowerBound) * step] = order.indices[place]
        }
      }
    }
    return result
  }
}
