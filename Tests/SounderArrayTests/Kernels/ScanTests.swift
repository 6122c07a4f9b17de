import Testing

@testable import SounderArray

@Suite("Scans")
struct ScanTests {
  static let shapes = [[5], [3, 4], [2, 1, 6], [0, 3], [3, 0]]

  @Test("Recurrences agree with their definition in both directions", arguments: shapes)
  func recurrence(_ shape: [Int]) {
    var generator = ArrayGenerator(seed: 71)
    for layout in Layout.allCases {
      for dim in shape.indices {
        let x = generator.make(shape, .float64, layout)
        let f = generator.make(shape, .float64, layout)
        for reverse in [false, true] {
          let result = Oracle(Kernels.linearRecurrence(x, f, dim, reverse))
          for index in Oracle.indices(shape) {
            var before = index
            before[dim] += reverse ? 1 : -1
            let step = reverse ? before : index
            let isFirst = before[dim] < 0 || before[dim] == shape[dim]
            let expected =
              Oracle(x)[index] + (isFirst ? 0 : Oracle(f)[step] * result[before])
            #expect(abs(result[index] - expected) < 1e-12)
          }
        }
      }
    }
  }

  @Test("A running product is the recurrence of factors from one", arguments: Layout.allCases)
  func cumprod(_ layout: Layout) {
    var generator = ArrayGenerator(seed: 72)
    let x = generator.make([3, 5], .float64, layout)
    let products = Oracle(Kernels.cumprod(x, 1))
    for row in 0..<3 {
      for column in 0..<5 {
        let expected = (0...column).reduce(1) { $0 * Oracle(x)[[row, $1]] }
        #expect(abs(products[[row, column]] - expected) < 1e-12)
      }
    }
  }
}
