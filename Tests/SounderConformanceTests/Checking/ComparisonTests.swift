import SounderArray
import Testing

@testable import SounderConformance

@Suite("Comparing with stored tensors")
struct ComparisonTests {
  private static let nan = Double.nan
  private static let infinity = Double.infinity

  private static let doublePairs: [(Double, Double, Bool)] = [
    (1, 1, true), (1, 1 + 1.9e-7, true), (1, 1 + 2.1e-7, false), (0, 0.9e-7, true),
    (0, 1.1e-7, false), (1e9, 1e9 + 99, true), (nan, nan, true), (nan, 1, false),
    (1, nan, false), (infinity, infinity, true), (infinity, -infinity, false),
    (1e300, infinity, false), (infinity, 1e300, false),
  ]

  @Test(
    "Doubles agree to 1e-7, NaN equals NaN, infinity equals infinity", arguments: doublePairs)
  func doubles(got: Double, expected: Double, agrees: Bool) {
    let difference = Comparison.difference(NDArray([got]), NDArray([expected]))
    #expect((difference == nil) == agrees)
    let complex = { (value: Double) in
      NDArray(scalar: .complex(0, value), .complex128)
    }
    #expect((Comparison.difference(complex(got), complex(expected)) == nil) == agrees)
  }

  private static let singlePairs: [(Float, Float, Bool)] = [
    (1, 1 + 1.3e-4, true), (1, 1 + 1.5e-4, false), (0, 0.9e-5, true), (0, 2e-5, false),
  ]

  @Test("Single precision agrees to 1.3e-4", arguments: singlePairs)
  func singles(got: Float, expected: Float, agrees: Bool) {
    #expect((Comparison.difference(NDArray([got]), NDArray([expected])) == nil) == agrees)
  }

  @Test("Integers must be equal, however large")
  func integers() {
    let large = 1 << 60
    #expect(Comparison.difference(NDArray([large]), NDArray([large])) == nil)
    #expect(Comparison.difference(NDArray([large]), NDArray([large + 1])) != nil)
  }

  @Test("A difference names the first element and how many differ")
  func wording() {
    let got = NDArray([1, 2, 3, 5, 5, 7] as [Double], shape: [2, 3])
    let expected = NDArray([1, 2, 3, 4, 5, 6] as [Double], shape: [2, 3])
    #expect(
      Comparison.difference(got, expected)
        == "[1, 0]: got 5.0, expected 4.0 (2 of 6 elements differ)")
    #expect(
      Comparison.difference(NDArray(scalar: 1, .int64), NDArray(scalar: 2, .int64))
        == "got 1, expected 2")
  }

  @Test("Type and shape must agree")
  func metadata() {
    let zeros = NDArray([0, 0] as [Double])
    #expect(
      Comparison.difference(zeros.cast(to: .float32), zeros) == "type float32, expected float64")
    #expect(
      Comparison.difference(zeros, NDArray([0, 0] as [Double], shape: [2, 1]))
        == "shape [2], expected [2, 1]")
  }

  private static let orders: [([Int], Bool)] = [
    ([0, 1, 2], true), ([1, 0, 2], true), ([0, 0, 2], false), ([2, 1, 0], false),
    ([0, 1, 3], false), ([-1, 1, 2], false),
  ]

  @Test("Of equal elements a sort may name any, but each once", arguments: orders)
  func ties(indices: [Int], agrees: Bool) {
    let input = NDArray([4, 4, 9] as [Double])
    let difference = SortedOrder.difference(
      NDArray(indices), NDArray([0, 1, 2]), in: input, along: -1)
    #expect((difference == nil) == agrees)
  }

  @Test("Indices are looked up along their own dimension")
  func tiesInColumns() {
    let input = NDArray([1, 5, 1, 3, 1, 4] as [Double], shape: [3, 2])
    let expected = NDArray([0, 1, 1, 2], shape: [2, 2])
    let tied = NDArray([2, 1, 0, 2], shape: [2, 2])
    let wrong = NDArray([2, 1, 0, 0], shape: [2, 2])
    #expect(SortedOrder.difference(tied, expected, in: input, along: 0) == nil)
    #expect(
      SortedOrder.difference(wrong, expected, in: input, along: -2)
        == "the elements at these indices: [1, 1]: got 5.0, expected 4.0 (1 of 4 elements differ)")
  }
}
