import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct ReadingTests {
  @Test("Elements are read from where a view begins", arguments: 0..<4)
  func offsets(start: Int) {
    let x = Tensor([0, 1, 2, 3, 4, 5, 6, 7] as [Double], shape: [4, 2])
    let rows = x.slice(start: start, end: 4)
    #expect(rows.doubles() == (2 * start..<8).map(Double.init))
    #expect(rows.floats() == (2 * start..<8).map(Float.init))
    #expect(rows.toDtype(.int64).ints() == Array(2 * start..<8))
    #expect(x.slice(start: start, end: start).doubles() == [])
  }
}
