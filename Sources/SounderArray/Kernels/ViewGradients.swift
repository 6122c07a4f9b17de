extension Kernels {
  /// Zeros of the given shape, with `grad` at one index of a dimension.
  public static func selectBackward(
    _ grad: NDArray, _ inputSizes: [Int], _ dim: Int, _ index: Int
  ) -> NDArray {
    let result = zeros(Shape(inputSizes), grad.dtype)
    select(result, dim, index).copy(from: grad)
    return result
  }

  /// Zeros of the given shape, with `grad` at a range of indices of a dimension.
  public static func sliceBackward(
    _ grad: NDArray, _ inputSizes: [Int], _ dim: Int, _ start: Int?, _ end: Int?, _ step: Int
  ) -> NDArray {
    let result = zeros(Shape(inputSizes), grad.dtype)
    slice(result, dim, start, end, step).copy(from: grad)
    return result
  }

  /// Zeros of the given shape, with `grad` on the diagonal of two dimensions.
  public static func diagonalBackward(
    _ grad: NDArray, _ inputSizes: [Int], _ offset: Int, _ dim1: Int, _ dim2: Int
  ) -> NDArray {
    let result = zeros(Shape(inputSizes), grad.dtype)
    diagonal(result, offset, dim1, dim2).copy(from: grad)
    return result
  }

  /// A copy with other values at one index of a dimension.
  public static func selectScatter(
    _ self: NDArray, _ src: NDArray, _ dim: Int, _ index: Int
  ) -> NDArray {
    let result = self.copied()
    overwrite(select(result, dim, index), with: src, "select_scatter")
    return result
  }

  /// A copy with other values in a range of indices of a dimension.
  public static func sliceScatter(
    _ self: NDArray, _ src: NDArray, _ dim: Int = 0, _ start: Int? = nil, _ end: Int? = nil,
    _ step: Int = 1
  ) -> NDArray {
    let result = self.copied()
    overwrite(slice(result, dim, start, end, step), with: src, "slice_scatter")
    return result
  }

  private static func overwrite(_ part: NDArray, with src: NDArray, _ name: StaticString) {
    require(
      src.shape == part.shape,
      "\(name): the values have shape \(src.shape), the part to replace \(part.shape)")
    part.copy(from: src)
  }

  /// Whether an array can be seen in another shape without a copy; one extent may be -1.
  public static func canView(_ array: NDArray, as size: [Int]) -> Bool {
    let known = size.reduce(1) { $1 < 0 ? $0 : $0 * $1 }
    let shape = Shape(size.map { $0 < 0 ? (known == 0 ? 0 : array.count / known) : $0 })
    return shape.elementCount == array.count && array.strides(viewedAs: shape) != nil
  }
}
