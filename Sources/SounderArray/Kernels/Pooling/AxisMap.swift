import CKernels

extension Kernels {
  /// A sparse linear map along one dimension: element j of the result is the sum of
  /// `weights[j, t]` times the element `indices[j, t]`.
  ///
  /// Means of intervals and interpolations are such maps. `size` is the extent the dimension has; with
  /// `adjoint` the transposed map goes back to it.
  public static func axisMap(
    _ self: NDArray, _ dim: Int, _ indices: NDArray, _ weights: NDArray, _ size: Int,
    _ adjoint: Bool
  ) -> NDArray {
    let axis = self.shape.axis(dim, "axis_map")
    require(self.rank > 0, "axis_map: expects at least one dimension")
    require(
      indices.rank == 2 && indices.shape == weights.shape && indices.dtype == .int64
        && weights.dtype == .float64,
      "axis_map: indices \(indices.shape) and weights \(weights.shape) do not fit together")
    let (count, taps) = (indices.shape[0], indices.shape[1])
    require(
      self.shape[axis] == (adjoint ? count : size),
      "axis_map: dimension \(dim) of \(self.shape) does not fit a map from \(size) to \(count)")
    let (index, weight) = (indices.contiguous(), weights.contiguous())
    require(
      (0..<index.count).allSatisfy { index.indices[$0] >= 0 && index.indices[$0] < size },
      "axis_map: an index lies outside the dimension of \(size) elements")
    let source = self.contiguous()
    var shape = self.shape
    shape[axis] = adjoint ? size : count
    let result = NDArray(uninitialized: shape, self.dtype)
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    switch self.dtype {
    case .float32:
      (adjoint ? ck_axis_map_adjoint_f32 : ck_axis_map_f32)(
        result.floats, source.floats, index.indices, weight.doubles, taps, outer, count, size,
        inner)
    case .float64:
      (adjoint ? ck_axis_map_adjoint_f64 : ck_axis_map_f64)(
        result.doubles, source.doubles, index.indices, weight.doubles, taps, outer, count, size,
        inner)
    default: Elementwise.unsupported("axis_map", self.dtype)
    }
    withExtendedLifetime((index, weight)) {}
    return result
  }
}
