import Foundation
import Testing

@testable import SounderArray

@Suite("Softmax, cross-entropy and layer normalisation")
struct RowTests {
  static let shapes = [[3, 10], [2, 5, 7], [4, 100], [1, 1], [6], [0, 4], [2, 33, 3]]

  @Test("Softmax and its logarithm agree with their definitions", arguments: shapes)
  func softmax(_ shape: [Int]) {
    var generator = ArrayGenerator(seed: 51)
    for dtype in [DType.float32, .float64] {
      for layout in Layout.allCases {
        for dim in shape.indices {
          let x = generator.make(shape, dtype, layout, low: -20, high: 20)
          let logSum = Oracle(x).reduce([dim], keepdim: true) { list in
            let largest = list.max() ?? 0
            return largest + log(list.map { exp($0 - largest) }.reduce(0, +))
          }
          let logSoftmax = Oracle(x).zip2(logSum, -)
          #expect(agrees(Kernels.logSoftmax(x, dim), logSoftmax))
          #expect(agrees(Kernels.softmax(x, dim), logSoftmax.map { exp($0) }))

          let g = generator.make(shape, dtype)
          let softmax = Kernels.softmax(x, dim)
          let dot = Oracle(g).zip2(Oracle(softmax), *).reduce([dim], keepdim: true) {
            $0.reduce(0, +)
          }
          #expect(
            agrees(
              Kernels.softmaxBackward(g, softmax, dim),
              Oracle(g).zip2(dot, -).zip2(Oracle(softmax), *)))
          let sum = Oracle(g).reduce([dim], keepdim: true) { $0.reduce(0, +) }
          #expect(
            agrees(
              Kernels.logSoftmaxBackward(g, Kernels.logSoftmax(x, dim), dim),
              Oracle(g).zip2(Oracle(softmax).zip2(sum, *), -), 1e-4))
        }
      }
    }
  }

  @Test(
    "Cross-entropy is the negative log-softmax of the target", arguments: [DType.float32, .float64])
  func crossEntropy(_ dtype: DType) {
    var generator = ArrayGenerator(seed: 52)
    for (n, classes) in [(1, 1), (5, 10), (3, 100), (0, 4)] {
      for layout in Layout.allCases {
        let logits = generator.make([n, classes], dtype, layout, low: -9, high: 9)
        let target = NDArray((0..<n).map { _ in generator.stream.next(below: classes) })
        let (loss, logSoftmax) = Kernels.crossEntropyForward(logits, target)
        let reference = Kernels.logSoftmax(logits, 1)
        #expect(agrees(logSoftmax, Oracle(reference)))
        let picked = Kernels.squeeze(Kernels.gather(reference, 1, Kernels.unsqueeze(target, 1)), 1)
        #expect(agrees(loss, Oracle(Kernels.neg(picked))))
        let g = generator.make([n], dtype)
        let expected = Kernels.scatterAdd(
          Kernels.mul(Kernels.softmax(logits, 1), Kernels.unsqueeze(g, 1)), 1,
          Kernels.unsqueeze(target, 1), Kernels.neg(Kernels.unsqueeze(g, 1)))
        #expect(agrees(Kernels.crossEntropyBackward(g, logSoftmax, target), Oracle(expected)))
      }
    }
  }

  @Test("Layer normalisation agrees with mean and variance", arguments: [DType.float32, .float64])
  func layerNorm(_ dtype: DType) {
    var generator = ArrayGenerator(seed: 53)
    for layout in Layout.allCases {
      let x = generator.make([6, 3, 20], dtype, layout)
      let (w, b) = (generator.make([20], dtype), generator.make([20], dtype))
      let (y, mean, rstd) = Kernels.nativeLayerNorm(x, [20], w, b, 1e-5)
      let expectedMean = Kernels.mean(x, [2], true)
      let variance = Kernels.var(x, [2], 0, true)
      let scale = Kernels.rsqrt(Kernels.add(variance, 1e-5))
      #expect(agrees(mean, Oracle(expectedMean)))
      #expect(agrees(rstd, Oracle(scale), 1e-4))
      let normal = Kernels.mul(Kernels.sub(x, expectedMean), scale)
      #expect(agrees(y, Oracle(Kernels.add(Kernels.mul(normal, w), b)), 1e-4))

      let g = generator.make([6, 3, 20], dtype)
      let (dx, dw, db) = Kernels.nativeLayerNormBackward(
        g, x, [20], mean, rstd, w, true, true, true)
      let gw = Kernels.mul(g, w)
      let projected = Kernels.sub(
        Kernels.sub(gw, Kernels.mean(gw, [2], true)),
        Kernels.mul(normal, Kernels.mean(Kernels.mul(gw, normal), [2], true)))
      #expect(agrees(dx!, Oracle(Kernels.mul(projected, scale)), 1e-4))
      #expect(agrees(dw!, Oracle(Kernels.sum(Kernels.mul(g, normal), [0, 1])), 1e-4))
      #expect(agrees(db!, Oracle(Kernels.sum(g, [0, 1])), 1e-4))
      let none = Kernels.nativeLayerNormBackward(g, x, [20], mean, rstd, nil, false, false, true)
      #expect(none.0 == nil && none.1 == nil && none.2 != nil)
    }
  }

  @Test("Indexing agrees with loops over indices")
  func indexing() {
    var generator = ArrayGenerator(seed: 54)
    for layout in Layout.allCases {
      for dim in 0..<2 {
        let x = generator.make([4, 5], .float64, layout)
        let index = NDArray((0..<6).map { _ in generator.stream.next(below: 4) }, shape: [2, 3])
        let picked = Oracle.indices([2, 3]).map { position -> Double in
          var source = position
          source[dim] = Int(Oracle(index)[position])
          return Oracle(x)[source]
        }
        #expect(agrees(Kernels.gather(x, dim, index), Oracle([2, 3], picked)))

        let src = generator.make([2, 3], .float64)
        var sums = Oracle(x)
        for position in Oracle.indices([2, 3]) {
          var target = position
          target[dim] = Int(Oracle(index)[position])
          sums.values[target[0] * 5 + target[1]] += Oracle(src)[position]
        }
        #expect(agrees(Kernels.scatterAdd(x, dim, index, src), sums))

        let line = NDArray([1, 3, 1] as [Int])
        let selected = Kernels.indexSelect(x, dim, line)
        let parts = [1, 3, 1].map { Kernels.select(x, dim, $0) }
        #expect(agrees(selected, Oracle(Kernels.stack(parts, dim))))
        let added = Kernels.indexAdd(Kernels.zerosLike(x), dim, line, selected)
        let expected = Oracle(Kernels.select(x, dim, 1)).map { 2 * $0 }
        #expect(agrees(Kernels.select(added, dim, 1), expected))
      }
    }
  }

  @Test("An embedding copies rows and its gradient adds them up")
  func embedding() {
    let weight = NDArray((0..<12).map(Float.init), shape: [4, 3])
    let indices = NDArray([2, 0, 2, 3] as [Int], shape: [2, 2])
    let rows = Kernels.embeddingLookup(weight, indices)
    #expect([Int](rows.shape) == [2, 2, 3])
    #expect(rows.toArray(as: Int.self) == [6, 7, 8, 0, 1, 2, 6, 7, 8, 9, 10, 11])
    let gradient = Kernels.embeddingDenseBackward(rows, indices, 4, 3)
    #expect(gradient.toArray(as: Int.self) == [0, 1, 2, 0, 0, 0, 12, 14, 16, 0, 0, 0])
  }
}
