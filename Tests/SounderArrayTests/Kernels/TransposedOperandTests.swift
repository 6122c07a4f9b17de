import Testing

@testable import SounderArray

@Suite("Transposed operands")
struct TransposedOperandTests {
  /// Shapes below, at and past the sizes of blocks and tiles.
  static let shapes: [[Int]] = [
    [3, 70], [16, 16], [8, 9], [65, 130], [64, 64], [129, 17], [2, 33, 70], [70, 2, 33],
  ]
  static let dtypes: [DType] = [.bool, .uint8, .int32, .float32, .float64, .complex128]

  /// 0, 1, 2, … (modulo 2 for bools and 251 for bytes) in the shape with the dimensions reversed, and the
  /// values a walk over the reversed view must meet.
  private func reversed(_ shape: [Int], _ dtype: DType) -> (view: NDArray, values: [Int]) {
    let count = shape.reduce(1, *)
    let limit = dtype == .bool ? 2 : dtype == .uint8 ? 251 : Int.max
    let stored = NDArray((0..<count).map { $0 % limit }, shape: Shape(shape.reversed()))
      .cast(to: dtype)
    let axes = Array(shape.indices.reversed())
    let strides = stored.strides.reversed().map { $0 }
    let values = (0..<count).map { position in
      var rest = position
      var offset = 0
      for axis in axes {
        offset += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      return offset % limit
    }
    return (Kernels.permute(stored, axes), values)
  }

  @Test("Copies meet every element in its place", arguments: shapes, dtypes)
  func copies(shape: [Int], dtype: DType) {
    let (view, values) = reversed(shape, dtype)
    #expect(view.copied().toArray(as: Int.self) == values)
  }

  @Test(
    "Operations of one, two and three operands meet every element in its place", arguments: shapes)
  func operations(shape: [Int]) {
    for dtype in [DType.int32, .float32, .float64] {
      let (x, values) = reversed(shape, dtype)
      let y = NDArray((0..<values.count).map { $0 }, shape: Shape(shape)).cast(to: dtype)
      let sums = values.enumerated().map { $0 + $1 }
      #expect(Kernels.neg(x).toArray(as: Int.self) == values.map { -$0 })
      #expect(Kernels.add(x, y).toArray(as: Int.self) == sums)
      #expect(Kernels.add(y, x).toArray(as: Int.self) == sums)
      #expect(Kernels.mul(x, 3).toArray(as: Int.self) == values.map { $0 * 3 })
      let cubes = values.enumerated().map { $0 + $1 % 3 * ($0 % 2) }
      let product = Kernels.addcmul(
        y, Kernels.remainder(x, 3), Kernels.remainder(y, 2).copied())
      #expect(product.toArray(as: Int.self) == cubes)
      let chosen = Kernels.where(Kernels.gt(x, y), x, y)
      #expect(chosen.toArray(as: Int.self) == values.enumerated().map { max($0, $1) })
    }
  }

  @Test("A transposed destination keeps its layout", arguments: shapes)
  func destination(shape: [Int]) {
    let (x, values) = reversed(shape, .float32)
    let y = NDArray((0..<values.count).map { $0 }, shape: Shape(shape)).cast(to: .float32)
    let result = Kernels.add(x, y, out: x)
    #expect(result.storage === x.storage)
    #expect(x.toArray(as: Int.self) == values.enumerated().map { $0 + $1 })
  }
}
