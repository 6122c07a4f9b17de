import Foundation
import Testing

@testable import SounderArray

@Suite("Fused reductions")
struct FusedReductionTests {
  /// Shapes with reduced dimensions in front, in the middle and behind, wider than a tile and longer
  /// than a chunk.
  static let cases: [([Int], [Int])] = [
    ([3, 5], [1]), ([3, 5], [0]), ([2, 3, 4], [1]), ([2, 3, 4], [0, 1, 2]), ([2, 3, 4], [0, 2]),
    ([2, 1, 3], [1]), ([2, 1500], [0]), ([70, 40], [0]), ([2, 2500], [1]), ([3, 3000], [0, 1]),
  ]

  @Test("Values agree with their definitions", arguments: cases)
  func values(_ shape: [Int], _ dims: [Int]) {
    var generator = ArrayGenerator(seed: 81)
    for dtype in [DType.float32, .float64] {
      let x = generator.make(shape, dtype, low: 90, high: 94)
      let logSum = Oracle(x).reduce(dims, keepdim: true) { list in
        let largest = list.max() ?? 0
        return largest + log(list.map { exp($0 - largest) }.reduce(0, +))
      }
      #expect(agrees(Kernels.logsumexp(x, dims, true), logSum))
      let variance = Oracle(x).reduce(dims, keepdim: false) { list in
        let mean = list.reduce(0, +) / Double(list.count)
        return list.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(list.count)
      }
      #expect(agrees(Kernels.var(x, dims, 0), variance))
    }
  }

  @Test("Gradients agree with their definitions", arguments: cases)
  func gradients(_ shape: [Int], _ dims: [Int]) {
    var generator = ArrayGenerator(seed: 82)
    for dtype in [DType.float32, .float64] {
      // Few different values, so that extrema tie.
      let x = Kernels.toDtype(generator.make(shape, .int64, low: 0, high: 4), dtype)
      let result = Kernels.amax(x, dims, true)
      let g = generator.make([Int](result.shape), dtype)
      let isLargest = Oracle(x).zip2(Oracle(result)) { $0 == $1 ? 1 : 0 }
      let ties = isLargest.reduce(dims, keepdim: true) { $0.reduce(0, +) }
      if let gradient = Kernels.extremeBackward(g, x, result, dims) {
        #expect(agrees(gradient, isLargest.zip2(Oracle(g).zip2(ties, /), *)))
      }
      let logSum = Kernels.logsumexp(x, dims, true)
      if let gradient = Kernels.logsumexpBackward(g, x, logSum, dims) {
        let softmax = Oracle(x).zip2(Oracle(logSum)) { exp($0 - $1) }
        #expect(agrees(gradient, softmax.zip2(Oracle(g), *)))
      }
      let mean = Oracle(x).reduce(dims, keepdim: true) { $0.reduce(0, +) / Double($0.count) }
      if let gradient = Kernels.varBackward(g, x, dims, 0.5) {
        #expect(agrees(gradient, Oracle(x).zip2(mean, -).zip2(Oracle(g)) { $0 * $1 / 2 }))
      }
    }
  }

  @Test("Infinities and NaN give what the definitions give")
  func specials() {
    let x = NDArray(
      [-.infinity, -.infinity, 1, .infinity, 1, .nan, -.infinity, 0] as [Float], shape: [4, 2])
    for (array, dim) in [(x, 1), (Kernels.contiguous(Kernels.t(x)), 0)] {
      let result = Kernels.logsumexp(array, [dim]).toArray(as: Float.self)
      #expect(result[0] == -.infinity && result[1] == .infinity)
      #expect(result[2].isNaN && result[3] == 0)
    }
  }
}
