import Foundation
import Testing

@testable import SounderArray

@Suite("Reductions")
struct ReductionTests {
  static let cases: [(shape: [Int], dims: [Int])] = [
    ([7], [0]), ([130], [0]), ([5, 70], [0]), ([5, 70], [1]), ([70, 5], [0]), ([3, 4, 5], [0, 2]),
    ([3, 4, 5], [1]), ([3, 4, 5], [0, 1, 2]), ([2, 0], [1]), ([2, 0], [0]), ([0], [0]),
    ([2, 3, 1, 4], [1, 2]), ([100, 129], [0]), ([1, 1000], [1]),
  ]

  @Test("Sums over dimensions agree with their definition", arguments: cases)
  func sums(_ shape: [Int], _ dims: [Int]) {
    var generator = ArrayGenerator(seed: 21)
    for dtype in [DType.float32, .float64, .int64, .int32, .uint8, .bool] {
      for layout in Layout.allCases {
        let x = generator.make(shape, dtype, layout, low: dtype == .uint8 ? 0 : -3, high: 3)
        for keepdim in [false, true] {
          let expected = Oracle(x).reduce(dims, keepdim: keepdim) { $0.reduce(0, +) }
          let sum = Kernels.sum(x, dims, keepdim)
          #expect(agrees(sum, expected), "\(dtype) \(layout) \(keepdim)")
          #expect(sum.dtype == (dtype.isFloatingPoint ? dtype : .int64))
        }
      }
    }
  }

  @Test("Means, variances and extrema agree with their definitions", arguments: cases)
  func statistics(_ shape: [Int], _ dims: [Int]) {
    var generator = ArrayGenerator(seed: 22)
    for dtype in [DType.float32, .float64] {
      for layout in Layout.allCases {
        let x = generator.make(shape, dtype, layout)
        let oracle = Oracle(x)
        func mean(_ list: [Double]) -> Double { list.reduce(0, +) / Double(list.count) }
        func variance(_ list: [Double]) -> Double {
          list.map { pow($0 - mean(list), 2) }.reduce(0, +) / Double(max(list.count - 1, 0))
        }
        #expect(agrees(Kernels.mean(x, dims), oracle.reduce(dims, keepdim: false, mean)))
        #expect(agrees(Kernels.var(x, dims), oracle.reduce(dims, keepdim: false, variance)))
        guard !x.shape.contains(0) else { continue }
        let largest = oracle.reduce(dims, keepdim: true) { $0.max() ?? 0 }
        #expect(agrees(Kernels.amax(x, dims, true), largest))
        let logSum = oracle.reduce(dims, keepdim: false) { log($0.map { exp($0) }.reduce(0, +)) }
        #expect(agrees(Kernels.logsumexp(x, dims), logSum))
      }
    }
  }

  @Test("A sum over everything is a zero-dimensional array", arguments: interestingShapes)
  func total(_ shape: [Int]) {
    var generator = ArrayGenerator(seed: 23)
    for layout in Layout.allCases {
      let x = generator.make(shape, .float32, layout)
      #expect(agrees(Kernels.sum(x), Oracle([], [Oracle(x).values.reduce(0, +)])))
    }
  }

  @Test("The error of a float32 sum does not grow with the number of elements")
  func accuracy() {
    let x = Kernels.full([10_000_000], 0.1)
    let exact = 10_000_000 * Double(Float(0.1))
    #expect(abs(Kernels.sum(x).item().doubleValue - exact) < 1e-6 * exact)
    let columns = Kernels.sum(Kernels.view(x, [10_000, 1000]), [0]).toArray(as: Double.self)
    #expect(columns.allSatisfy { abs($0 - exact / 1000) < 1e-6 * exact / 1000 })
  }

  @Test("argmax finds the first largest element, NaN being largest")
  func argmax() {
    let x = NDArray([1, 5, 5, 2, 9, 0] as [Double], shape: [2, 3])
    #expect(Kernels.argmax(x).item() == .int(4))
    #expect(Kernels.argmax(x, 0).toArray(as: Int.self) == [1, 1, 0])
    #expect(Kernels.argmax(x, 1).toArray(as: Int.self) == [1, 1])
    #expect([Int](Kernels.argmax(x, -1, true).shape) == [2, 1])
    #expect(Kernels.argmax(Kernels.t(x), 0).toArray(as: Int.self) == [1, 1])
    #expect(Kernels.argmax(NDArray([1, .nan, 3] as [Float])).item() == .int(1))
    var noisy = [Float](repeating: 1, count: 100)
    noisy[37] = .nan
    #expect(Kernels.amax(NDArray(noisy)).item().doubleValue.isNaN)
  }

  @Test("all, any and cumsum")
  func logical() {
    let x = NDArray([1, 0, 2, 3] as [Int], shape: [2, 2])
    #expect(Kernels.all(x).item() == false)
    #expect(Kernels.any(x).item() == true)
    #expect(Kernels.all(x, [1]).toArray(as: Bool.self) == [false, true])
    #expect(Kernels.any(Kernels.zeros([2, 0]), [1]).toArray(as: Bool.self) == [false, false])
    #expect(Kernels.all(Kernels.zeros([0])).item() == true)
    #expect(Kernels.cumsum(x, 0).toArray(as: Int.self) == [1, 0, 3, 3])
    #expect(Kernels.cumsum(Kernels.t(x), 0).toArray(as: Int.self) == [1, 2, 1, 5])
  }

  @Test(
    "sum_to_size undoes broadcasting",
    arguments: [
      ([3, 4], [4]), ([3, 4], [3, 1]), ([3, 4], []), ([2, 3, 4], [1, 4]), ([5], [5]),
    ])
  func sumToSize(_ shape: [Int], _ size: [Int]) {
    var generator = ArrayGenerator(seed: 24)
    let x = generator.make(shape)
    let shift = shape.count - size.count
    let dims = shape.indices.filter { $0 < shift || (size[$0 - shift] == 1 && shape[$0] != 1) }
    var expected = Oracle(x).reduce([Int](dims), keepdim: true) { $0.reduce(0, +) }
    expected.shape = size
    #expect(agrees(Kernels.sumToSize(x, size), expected))
  }
}
