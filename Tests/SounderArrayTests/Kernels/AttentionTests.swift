import Testing

@testable import SounderArray

@Suite("Attention")
struct AttentionTests {
  /// Queries, keys, width and width of the values: whole blocks, tails, single rows.
  static let shapes = [
    (64, 64, 32, 32), (33, 70, 8, 8), (70, 33, 17, 5), (1, 1, 1, 1), (5, 129, 40, 48),
    (96, 31, 3, 16),
  ]

  private func inputs(_ shape: (Int, Int, Int, Int), _ layout: Layout) -> [NDArray] {
    var generator = ArrayGenerator(seed: 41)
    let (l, s, e, w) = shape
    return [[2, 3, l, e], [2, 3, s, e], [2, 3, s, w], [2, 3, l, w]].map {
      generator.make($0, .float32, layout)
    }
  }

  @Test(
    "Blocks of scores agree with attention by definition in double precision", arguments: shapes,
    [false, true])
  func blocks(_ shape: (Int, Int, Int, Int), isCausal: Bool) {
    for layout in [Layout.contiguous, .transposed, .sliced, .offset] {
      let arrays = inputs(shape, layout)
      let exact = arrays.map { $0.cast(to: .float64) }
      let (output, sums) = Kernels.scaledDotProductFlashAttention(
        arrays[0], arrays[1], arrays[2], isCausal, 0.3)
      let (exactOutput, exactSums) = Kernels.scaledDotProductFlashAttention(
        exact[0], exact[1], exact[2], isCausal, 0.3)
      #expect(agrees(output, Oracle(exactOutput), 2e-5), "\(layout)")
      #expect(agrees(sums, Oracle(exactSums), 2e-5), "\(layout)")
      let found = Kernels.scaledDotProductFlashAttentionBackward(
        arrays[3], arrays[0], arrays[1], arrays[2], output, sums, isCausal, 0.3)
      let expected = Kernels.scaledDotProductFlashAttentionBackward(
        exact[3], exact[0], exact[1], exact[2], exactOutput, exactSums, isCausal, 0.3)
      #expect(agrees(found.0, Oracle(expected.0), 1e-4), "query, \(layout)")
      #expect(agrees(found.1, Oracle(expected.1), 1e-4), "key, \(layout)")
      #expect(agrees(found.2, Oracle(expected.2), 1e-4), "value, \(layout)")
    }
  }

  @Test("Heads between the rows stay there: the result needs no copy to be joined")
  func headsBetweenRows() {
    var generator = ArrayGenerator(seed: 42)
    let base = generator.make([2, 7, 3, 4])
    let heads = Kernels.transpose(base, 1, 2)
    let (output, sums) = Kernels.scaledDotProductFlashAttention(heads, heads, heads, true, 0.5)
    #expect(Kernels.transpose(output, 1, 2).isContiguous)
    let gradients = Kernels.scaledDotProductFlashAttentionBackward(
      output, heads, heads, heads, output, sums, true, 0.5)
    #expect(Kernels.transpose(gradients.1, 1, 2).isContiguous)
  }

  @Test("Large scores neither overflow nor vanish")
  func largeScores() {
    let query = Kernels.full([1, 3, 2], 100, .float32)
    let value = NDArray([1, 2, 3] as [Float], shape: [1, 3, 1])
    let (output, sums) = Kernels.scaledDotProductFlashAttention(query, query, value, false, 1)
    #expect(agrees(output, Oracle([1, 3, 1], [2, 2, 2])))
    #expect(sums.toArray(as: Float.self).allSatisfy { abs($0 - 20001.0986) < 0.01 })
  }
}
