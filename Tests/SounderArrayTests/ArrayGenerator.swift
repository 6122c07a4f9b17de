import SounderArray

/// Arrangements in which a kernel may meet an array.
enum Layout: String, CaseIterable, Sendable {
  case contiguous, transposed, sliced, broadcast, offset
}

/// Draws arrays of a given shape in a given layout, from a fixed seed.
struct ArrayGenerator {
  var stream: RandomStream

  init(seed: UInt64) { stream = RandomStream(seed: seed, stream: 0) }

  mutating func make(
    _ shape: [Int], _ dtype: DType = .float32, _ layout: Layout = .contiguous,
    low: Double = -2, high: Double = 2
  ) -> NDArray {
    switch layout {
    case .contiguous:
      return fill(shape, dtype, low, high)
    case .transposed:
      let reversed = fill(shape.reversed(), dtype, low, high)
      return Kernels.permute(reversed, (0..<shape.count).reversed())
    case .sliced:
      let wide = fill(shape.map { $0 * 2 + 1 }, dtype, low, high)
      return (0..<shape.count).reduce(wide) { Kernels.slice($0, $1, 1, nil, 2) }
    case .broadcast:
      guard let last = shape.last else { return fill(shape, dtype, low, high) }
      return Kernels.expand(fill([last], dtype, low, high), shape)
    case .offset:
      let long = fill([shape.reduce(1, *) + 3], dtype, low, high)
      return Kernels.view(Kernels.narrow(long, 0, 3, shape.reduce(1, *)), shape)
    }
  }

  /// A random shape with extents 0 to 5.
  mutating func shape(rank: Int) -> [Int] {
    (0..<rank).map { _ in stream.next(below: 5) + (stream.next(below: 8) == 0 ? 0 : 1) }
  }

  private mutating func fill(_ shape: [Int], _ dtype: DType, _ low: Double, _ high: Double)
    -> NDArray
  {
    let values = NDArray(uninitialized: Shape(shape), .float64)
    stream.uniform(values, low, high)
    return dtype.isFloatingPoint ? values.cast(to: dtype) : values.cast(to: .int64).cast(to: dtype)
  }
}

/// Shapes that reach every branch: empty, zero-dimensional, shorter and longer than a vector.
let interestingShapes: [[Int]] = [
  [], [0], [1], [17], [130], [3, 0, 2], [1, 1], [5, 7], [64, 33], [2, 3, 4], [3, 1, 65],
]
