extension Kernels {
  /// A copy with the slices of a dimension that a one-dimensional index names set to one number.
  public static func indexFill(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ value: Scalar, out: NDArray? = nil
  ) -> NDArray {
    indexFill(self, dim, index, NDArray(scalar: value, self.dtype), out: out)
  }

  /// A copy with the slices of a dimension that a one-dimensional index names set to the one element of
  /// `value`.
  public static func indexFill(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ value: NDArray, out: NDArray? = nil
  ) -> NDArray {
    let axis = self.shape.axis(dim, "index_fill")
    require(
      index.rank <= 1, "index_fill: the index has shape \(index.shape), at most one dimension")
    require(
      index.dtype == .int64 || index.dtype == .int32,
      "index_fill: the index is \(index.dtype.name), expected int64 or int32")
    require(value.rank == 0, "index_fill: the value has shape \(value.shape), not a single element")
    let target = Elementwise.destination(
      out, self.shape, self.dtype, inputs: self, name: "index_fill")
    if target.storage !== self.storage { target.copy(from: self) }
    let extent = self.rank == 0 ? 1 : self.shape[axis]
    for name in index.toArray(as: Int.self) {
      require(
        name >= -extent && name < extent,
        "index_fill: index \(name) is out of range for dimension \(dim) of shape \(self.shape)")
      let slice = self.rank == 0 ? target : select(target, axis, name)
      slice.copy(from: value)
    }
    return Elementwise.deliver(target, out, name: "index_fill")
  }
}
