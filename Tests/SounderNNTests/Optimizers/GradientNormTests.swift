import Foundation
import SounderArray
import Testing

@testable import SounderNN

@Suite("The norm of flat gradients")
struct GradientNormTests {
  private func gradients(_ count: Int) -> [Float] { (0..<count).map { sin(Float($0)) } }

  private func partials(_ values: [Float], cuts: [Range<Int>]) -> [Double] {
    var result = [Double](repeating: .nan, count: GradientNorm.blockCount(values.count))
    values.withUnsafeBytes { bytes in
      for blocks in cuts {
        GradientNorm.sumSquares(
          of: bytes.baseAddress!, count: values.count, dtype: .float32, blocks: blocks,
          into: &result)
      }
    }
    return result
  }

  @Test("It is the root of the sum of squares", arguments: [1, 15, 16, 17, 4_096, 4_097, 20_000])
  func value(count: Int) {
    let values = gradients(count)
    let expected = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    let norm = values.withUnsafeBytes {
      GradientNorm.norm(of: $0.baseAddress!, count: count, dtype: .float32)
    }
    #expect(abs(norm - expected) <= 1e-12 * expected)
  }

  @Test("Blocks summed by different ranks give the same bits")
  func blocksAreIndependent() {
    let values = gradients(20_000)
    #expect(partials(values, cuts: [0..<5]) == partials(values, cuts: [3..<5, 0..<1, 1..<3]))
  }

  @Test("No gradients have norm zero")
  func empty() {
    #expect(GradientNorm.blockCount(0) == 0)
    #expect(GradientNorm.norm(ofPartials: []) == 0)
  }

  @Test("The scale leaves small norms alone and keeps what is not finite visible")
  func scale() {
    #expect(GradientNorm.scale(norm: 0.5, maximum: 1) == 1)
    #expect(GradientNorm.scale(norm: 0, maximum: 1) == 1)
    #expect(abs(GradientNorm.scale(norm: 4, maximum: 1) - 0.25) < 1e-6)
    #expect(GradientNorm.scale(norm: .infinity, maximum: 1) == 0)
    #expect(GradientNorm.scale(norm: .nan, maximum: 1).isNaN)
  }
}
