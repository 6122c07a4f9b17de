import SounderArray
import SounderAutograd

/// The indices that sorting operators return, which ties leave open.
enum SortedOrder {
  /// Which output of an operator holds indices into the sorted dimension; nil if none does.
  static func indexOutput(of name: String) -> Int? {
    switch name {
    case "sort", "topk", "msort": 1
    case "argsort": 0
    default: nil
    }
  }

  /// What is wrong with indices that differ from the stored ones; nil if they name equal elements, each
  /// once.
  static func difference(_ got: NDArray, _ expected: NDArray, in input: NDArray, along dim: Int)
    -> String?
  {
    guard let plain = Comparison.difference(got, expected) else { return nil }
    let axis = dim < 0 ? dim + input.rank : dim
    guard got.shape == expected.shape, got.dtype == expected.dtype, input.rank == got.rank,
      input.shape.indices.contains(axis),
      input.shape.indices.allSatisfy({ $0 == axis || input.shape[$0] == got.shape[$0] })
    else { return plain }
    let range = 0..<input.shape[axis]
    let indices = got.toArray(as: Int.self)
    guard indices.allSatisfy(range.contains), isDistinct(indices, got.shape, axis),
      expected.toArray(as: Int.self).allSatisfy(range.contains)
    else { return plain }
    let values = gathered(input, got, axis)
    guard let difference = Comparison.difference(values, gathered(input, expected, axis)) else {
      return nil
    }
    return "the elements at these indices: \(difference)"
  }

  private static func gathered(_ input: NDArray, _ indices: NDArray, _ axis: Int) -> NDArray {
    let result = NDArray(uninitialized: indices.shape, input.dtype)
    let positions = indices.toArray(as: Int.self)
    let source = input.contiguous()
    let size = input.dtype.byteSize
    for (flat, position) in positions.enumerated() {
      let (outer, _, inner) = split(flat, indices.shape, axis)
      let stride = source.strides[axis]
      // Only the sorted dimension may be shorter than the input's, so the others index it directly.
      let offset = outer * source.shape[axis] * stride + position * stride + inner
      (result.pointer + flat * size).copyMemory(
        from: source.pointer + offset * size, byteCount: size)
    }
    return result
  }

  private static func isDistinct(_ indices: [Int], _ shape: Shape, _ axis: Int) -> Bool {
    var seen: Set<[Int]> = []
    return indices.enumerated().allSatisfy { flat, index in
      let (outer, _, inner) = split(flat, shape, axis)
      return seen.insert([outer, inner, index]).inserted
    }
  }

  /// A position in row-major order as the parts before, along and behind an axis.
  private static func split(_ flat: Int, _ shape: Shape, _ axis: Int) -> (Int, Int, Int) {
    let inner = shape[(axis + 1)...].reduce(1, *)
    return (flat / (inner * shape[axis]), flat / inner % shape[axis], flat % inner)
  }
}
