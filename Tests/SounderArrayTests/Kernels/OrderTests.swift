import Testing

@testable import SounderArray

@Suite("Order")
struct OrderTests {
  static let lengths = [0, 1, 2, 15, 16, 17, 33, 100, 1000]

  @Test("Sorting is stable both ways, with NaN largest", arguments: lengths)
  func sort(_ length: Int) {
    var stream = RandomStream(seed: 61, stream: UInt64(length))
    let values = (0..<length).map { _ in
      let drawn = stream.next(below: 12)
      return drawn == 0 ? Float.nan : Float(drawn)
    }
    let keys = values.map { $0.isNaN ? Float.infinity : $0 }
    for descending in [false, true] {
      let order = values.indices.sorted {
        keys[$0] == keys[$1] ? $0 < $1 : descending ? keys[$0] > keys[$1] : keys[$0] < keys[$1]
      }
      let strided = Kernels.select(
        Kernels.stack([NDArray(values), NDArray(values)], 1), 1, 1)
      let (sorted, indices) = Kernels.sort(strided, 0, descending)
      #expect(indices.toArray(as: Int.self) == order)
      #expect(
        sorted.toArray(as: Float.self).map(\.bitPattern) == order.map { values[$0].bitPattern })
    }
  }

  @Test("The largest, the k-th and the median lie where the order says", arguments: DType.ordered)
  func ranks(_ dtype: DType) {
    var generator = ArrayGenerator(seed: 62)
    for layout in Layout.allCases {
      let x = generator.make([4, 7], dtype, layout, low: 0, high: 30)
      let sorted = Kernels.sort(x, 1).0
      let top = Kernels.topk(x, 3, 1).0
      for row in 0..<4 {
        let line = Kernels.select(sorted, 0, row).toArray(as: Double.self)
        #expect(
          Kernels.select(top, 0, row).toArray(as: Double.self) == line.suffix(3).reversed())
        let third = Kernels.kthvalue(x, 3, 1).0
        #expect(third.toArray(as: Double.self)[row] == line[2])
        #expect(Kernels.median(x, 1).0.toArray(as: Double.self)[row] == line[3])
      }
    }
  }

  @Test("A NaN is the median, at its first place")
  func medianOfNaN() {
    let x = NDArray([3, .nan, 1, .nan] as [Float])
    #expect(Kernels.median(x).item().doubleValue.isNaN)
    let (value, index) = Kernels.median(x, 0)
    #expect(value.item().doubleValue.isNaN)
    #expect(index.item() == .int(1))
  }
}

extension DType {
  fileprivate static let ordered: [DType] = [.uint8, .int32, .int64, .float32, .float64]
}
