import Foundation
import Testing

@testable import SounderArray

@Suite("Sums of outer products of rows")
struct RowProductsTests {
  /// Where wide vectors exist; elsewhere nothing is formed by row.
  private static let exists = RowProducts.serve(
    Kernels.zeros([64, 256], .float32), Kernels.zeros([64, 256], .float32))

  @Test("One product agrees with its definition", .enabled(if: exists), arguments: [1, 7, 32, 128])
  func product(rows: Int) {
    var generator = ArrayGenerator(seed: 71)
    for (m, n) in [(64, 64), (65, 97), (100, 70), (84, 128)] {
      for layout in Layout.allCases {
        let (left, right) = (
          generator.make([rows, m], .float32, layout), generator.make([rows, n], .float32, layout)
        )
        let expected = Oracle(
          Kernels.mm(Kernels.t(left).cast(to: .float64), right.cast(to: .float64)))
        #expect(
          agrees(Kernels.rowProduct(left, right, out: nil), expected, 2e-5), "\(m) \(n) \(layout)")
        let out = generator.make([m, n], .float32, .transposed)
        #expect(Kernels.rowProduct(left, right, out: out).storage === out.storage)
        #expect(agrees(out, expected, 2e-5))
      }
    }
  }

  /// The shards' additions, and how many sums they leave.
  private static let plans: [([Int], Int)] = [
    ([0], 1), ([0, 1], 1), ([0, 0, 2], 1), ([0, 1, 0, 2], 1), ([0, 0, 1], 2), ([0, 1, 0], 2),
    ([0, 1, 0, 2, 0, 1, 0], 3), ([0, 0, 0, 0, 0], 5), ([0, 1, 0, 2, 0, 1, 0, 3], 1),
  ]

  @Test(
    "Sums formed together have the bits of products that are added one by one",
    .enabled(if: exists), arguments: plans)
  func tree(additions: [Int], count: Int) {
    var generator = ArrayGenerator(seed: 72)
    let (m, n) = (101, 135)
    let products = RowProducts()
    var stack: [NDArray] = []
    for step in 0..<2 {
      products.begin()
      stack = []
      for (shard, additions) in additions.enumerated() {
        let rows = 1 + (shard + step) * 3 % 8
        let (left, right) = (generator.make([rows, m]), generator.make([rows, n]))
        products.beginShard(additions: additions)
        #expect(!products.holdsShard)
        let isTaken = products.take(left, right)
        #expect(isTaken && products.holdsShard)
        // What is kept is a copy.
        stack.append(Kernels.rowProduct(left, right, out: nil))
        left.fill(.float(.nan))
        for _ in 0..<additions {
          let right = stack.removeLast()
          stack.append(Kernels.add(stack.removeLast(), right))
        }
      }
      let sums = (0..<count).map { _ in generator.make([m, n]) }
      products.form(into: sums.map(\.floats))
      #expect(stack.count == count)
      for (sum, expected) in zip(sums, stack) {
        let isEqual = memcmp(sum.floats, expected.floats, m * n * MemoryLayout<Float>.stride) == 0
        #expect(isEqual)
      }
    }
  }

  @Test("Nothing is taken after a gap, and no more than the gradient's own size")
  func limits() {
    var generator = ArrayGenerator(seed: 73)
    let factor = generator.make([8, 64])
    let products = RowProducts()
    products.begin()
    products.beginShard(additions: 0)
    products.beginShard(additions: 1)
    #expect(!products.take(factor, factor))
    products.begin()
    // 64 · 64 numbers are those of 32 rows.
    let taken = (0..<6).map { _ in
      products.beginShard(additions: 0)
      return products.take(factor, factor)
    }
    #expect(taken == [true, true, true, true, false, false])
  }

  @Test("A product that is given back leaves the shard to others", .enabled(if: exists))
  func giveBack() {
    var generator = ArrayGenerator(seed: 74)
    let (left, right) = (generator.make([4, 64]), generator.make([4, 64]))
    let products = RowProducts()
    products.begin()
    products.beginShard(additions: 0)
    #expect(products.take(left, right))
    let target = Kernels.zeros([64, 64], .float32)
    products.giveBack(to: target)
    #expect(!products.holdsShard)
    #expect(agrees(target, Oracle(Kernels.mm(Kernels.t(left), right)), 2e-5))
    products.giveBack(to: Kernels.zeros([1], .float32))
  }
}
