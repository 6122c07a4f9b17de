import SounderArray
import Testing

@testable import SounderTrain

@Suite("Drawn digits")
struct DigitsDatasetTests {
  private static func bytes(_ array: NDArray, _ range: Range<Int>) -> [UInt8] {
    let pixels = array.pointer.assumingMemoryBound(to: UInt8.self)
    return range.map { pixels[$0] }
  }

  @Test("A sample depends on the seed and its number, not on how many are drawn")
  func independent() {
    let few = DigitsDataset.make(seed: 4, trainCount: 20, testCount: 5)
    let many = DigitsDataset.make(seed: 4, trainCount: 40, testCount: 10)
    #expect(
      Self.bytes(few.train.features, 0..<20 * 784) == Self.bytes(many.train.features, 0..<20 * 784))
    let other = DigitsDataset.make(seed: 5, trainCount: 20, testCount: 5)
    #expect(
      Self.bytes(few.train.features, 0..<784) != Self.bytes(other.train.features, 0..<784))
    #expect(Self.bytes(few.train.features, 0..<784) != Self.bytes(few.test.features, 0..<784))
  }

  @Test("Classes take turns and every drawing has ink and paper")
  func contents() {
    let set = DigitsDataset.make(seed: 0, trainCount: 200, testCount: 1).train
    let targets = set.targets.pointer.assumingMemoryBound(to: Int64.self)
    for sample in 0..<200 {
      #expect(targets[sample] == Int64(sample % 10))
      let pixels = Self.bytes(set.features, sample * 784..<(sample + 1) * 784)
      let ink = pixels.count { $0 > 100 }
      #expect((10..<400).contains(ink), "sample \(sample) has \(ink) dark pixels")
    }
  }
}
