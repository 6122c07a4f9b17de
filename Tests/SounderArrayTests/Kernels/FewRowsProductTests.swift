import CKernels
import Testing

@testable import SounderArray

@Suite("Products of few rows with a matrix", .enabled(if: ck_wide_available() != 0))
struct FewRowsProductTests {
  /// x m, added to `c` if there is one.
  private func product(_ x: NDArray, _ m: NDArray, addedTo c: NDArray? = nil) -> NDArray {
    let isTransposed = m.strides[1] != 1
    let matrix = ck_few_rows_matrix(
      elements: m.floats, stride: m.strides[isTransposed ? 1 : 0], columns: m.shape[1],
      depth: m.shape[0], transposed: isTransposed ? 1 : 0)
    let result = c?.copied() ?? Kernels.full([x.shape[0], m.shape[1]], .float(.nan), .float32)
    FewRowsProduct.multiply(
      x.floats, stride: x.strides[0], rows: x.shape[0], matrix, into: result.floats,
      stride: m.shape[1], adds: c != nil)
    return result
  }

  @Test("They agree with their definition", arguments: [1, 12, 16, 29, 48, 64, 79, 128])
  func definition(rows: Int) {
    var generator = ArrayGenerator(seed: 61)
    for (depth, columns) in [(5, 3), (64, 64), (100, 97), (530, 49)] {
      for layout in [Layout.contiguous, .transposed] {
        let x = generator.make([rows, depth])
        let m = generator.make([depth, columns], .float32, layout)
        let c = generator.make([rows, columns])
        let expected = Kernels.mm(x.cast(to: .float64), m.cast(to: .float64))
        let sum = Kernels.add(expected, c.cast(to: .float64))
        #expect(agrees(product(x, m), Oracle(expected), 5e-5), "\(depth) \(columns) \(layout)")
        #expect(agrees(product(x, m, addedTo: c), Oracle(sum), 5e-5))
      }
    }
  }

  @Test("Large products of matrices and linear layers are made of them")
  func dispatch() {
    var generator = ArrayGenerator(seed: 64)
    let (x, w, b) = (generator.make([30, 200]), generator.make([240, 200]), generator.make([240]))
    #expect(FewRowsProduct.serves(rows: 30, columns: 240, depth: 200, isTransposed: true))
    #expect(bits(Kernels.mm(x, Kernels.t(w))) == bits(product(x, Kernels.t(w))))
    let rows = Kernels.expand(b, [30, 240]).copied()
    #expect(bits(Kernels.linear(x, w, b)) == bits(product(x, Kernels.t(w), addedTo: rows)))
    let m = generator.make([200, 240])
    #expect(bits(Kernels.mm(x, m)) == bits(product(x, m)))
  }

  @Test("A row has the bits it has among other rows", arguments: [Layout.contiguous, .transposed])
  func rows(layout: Layout) {
    var generator = ArrayGenerator(seed: 62)
    let (x, m) = (generator.make([128, 300]), generator.make([300, 70], .float32, layout))
    let all = bits(product(x, m))
    for count in [1, 12, 16, 32, 47, 64, 112] {
      let part = product(Kernels.narrow(x, 0, 7, count), m)
      #expect(bits(part) == Array(all[7 * 70..<(7 + count) * 70]))
    }
  }

  @Test("An infinity stays in its row")
  func infinity() {
    var generator = ArrayGenerator(seed: 63)
    let (x, m) = (generator.make([30, 64]), generator.make([64, 64]))
    let clean = product(x, m).toArray(as: Float.self)
    x.floats[29 * 64] = .infinity
    let values = product(x, m).toArray(as: Float.self)
    #expect(values[..<(29 * 64)] == clean[..<(29 * 64)])
    #expect(values[(29 * 64)...].allSatisfy { !$0.isFinite })
  }

  private func bits(_ array: NDArray) -> [UInt32] {
    array.toArray(as: Float.self).map(\.bitPattern)
  }
}
