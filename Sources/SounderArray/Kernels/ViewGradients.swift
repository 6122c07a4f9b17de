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

  /// Whether an array can be seen in another shape without a copy; one extent may be -1.
  public static func canView(_ array: NDArray, as size: [Int]) -> Bool {
    let known = size.reduce(1) { $1 < 0 ? $0 : $0 * $1 }
    let shape = Shape(size.map { $0 < 0 ? (known == 0 ? 0 : array.count / known) : $0 })
    return shape.elementCount == array.count && array.strides(viewedAs: shape) != nil
  }
}
