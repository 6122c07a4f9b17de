import CKernels
import Foundation
import Testing

@testable import SounderArray

@Suite("Random numbers")
struct RandomTests {
  @Test(
    "Philox4x32-10 gives the known answers of Random123",
    arguments: [
      (
        [0, 0, 0, 0], [0, 0],
        [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
      ),
      (
        [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
      ),
      (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ] as [([UInt32], [UInt32], [UInt32])])
  func knownAnswers(_ counter: [UInt32], _ key: [UInt32], _ expected: [UInt32]) {
    var out = [UInt32](repeating: 0, count: 4)
    ck_philox_block(&out, counter, key)
    #expect(out == expected)
  }

  @Test("Values do not depend on how many are drawn at a time")
  func chunking() {
    func draw(_ sizes: [Int], _ fill: (inout RandomStream, NDArray) -> Void) -> [Float] {
      var stream = RandomStream(seed: 7, stream: 9)
      return sizes.flatMap { size in
        let part = NDArray(uninitialized: [size], .float32)
        fill(&stream, part)
        return part.toArray(as: Float.self)
      }
    }
    let sizes = [1, 2, 3, 61, 64, 130, 5, 0, 734]
    #expect(draw([1000]) { $0.uniform($1) } == draw(sizes) { $0.uniform($1) })
    #expect(draw([1000]) { $0.normal($1) } == draw(sizes) { $0.normal($1) })
    #expect(draw([1000]) { $0.bernoulli($1, 0.3) } == draw(sizes) { $0.bernoulli($1, 0.3) })
  }

  /// The largest distance between the sample's distribution and the true one.
  private func kolmogorovSmirnov(_ sample: [Double], _ distribution: (Double) -> Double) -> Double {
    let n = Double(sample.count)
    return sample.sorted().enumerated().map { i, x in
      max(abs(distribution(x) - Double(i) / n), abs(distribution(x) - Double(i + 1) / n))
    }.max() ?? 1
  }

  @Test(
    "Uniform and normal values have the right moments and distribution",
    arguments: [DType.float32, .float64])
  func distributions(_ dtype: DType) {
    let n = 200_000
    // 1.95 / sqrt(n) is passed with probability 0.999.
    let limit = 1.95 / Double(n).squareRoot()
    for seed in [1, 2, 3] as [UInt64] {
      var stream = RandomStream(seed: seed, stream: 5)
      let u = Kernels.rand([n], &stream, dtype).toArray(as: Double.self)
      #expect(u.allSatisfy { $0 >= 0 && $0 < 1 })
      #expect(kolmogorovSmirnov(u) { $0 } < limit)
      let x = Kernels.randn([n], &stream, dtype).toArray(as: Double.self)
      let mean = x.reduce(0, +) / Double(n)
      let variance = x.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(n)
      let kurtosis = x.map { pow($0 - mean, 4) }.reduce(0, +) / Double(n) / (variance * variance)
      #expect(abs(mean) < 0.01 && abs(variance - 1) < 0.015 && abs(kurtosis - 3) < 0.08)
      #expect(kolmogorovSmirnov(x) { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < limit)
      let pairs = zip(x, x.dropFirst()).map { $0 * $1 }.reduce(0, +) / Double(n)
      #expect(abs(pairs) < 0.012)
    }
  }

  @Test("float32 normals agree with the transform computed in float64")
  func boxMuller() {
    let n = 4096
    var words = [UInt32](repeating: 0, count: n)
    ck_random_words(&words, 3, 4, 0, n)
    var stream = RandomStream(seed: 3, stream: 4)
    let x = Kernels.randn([n], &stream).toArray(as: Double.self)
    for pair in 0..<n / 2 {
      let radius = (-2 * log(Double((words[2 * pair] >> 8) + 1) * 0x1p-24)).squareRoot()
      let angle = 2 * Double.pi * Double(words[2 * pair + 1] >> 8) * 0x1p-24
      #expect(abs(x[2 * pair] - radius * cos(angle)) < 2e-6)
      #expect(abs(x[2 * pair + 1] - radius * sin(angle)) < 2e-6)
    }
  }

  @Test("Streams and seeds are independent, permutations complete")
  func streams() {
    var a = RandomStream(seed: 1, stream: 1)
    var b = RandomStream(seed: 1, stream: 2)
    let x = Kernels.randn([50_000], &a)
    let y = Kernels.randn([50_000], &b)
    #expect(abs(Kernels.mean(Kernels.mul(x, y)).item().doubleValue) < 0.02)
    let order = a.permutation(1000).toArray(as: Int.self)
    #expect(order.sorted() == [Int](0..<1000) && order != [Int](0..<1000))
  }

  @Test("Dropout keeps the expectation, and the context fixes the mask")
  func dropout() {
    let x = Kernels.ones([100_000])
    let context = RandomContext(seed: 5, step: 3, shard: 1)
    func mask(_ context: RandomContext, _ layer: UInt64) -> [Bool] {
      withRandomContext(context) {
        Kernels.nativeDropout(x, 0.25, RandomContext.stream(for: layer)).1.toArray(as: Bool.self)
      }
    }
    let (y, kept) = Kernels.nativeDropout(x, 0.25, context.stream(for: 1))
    #expect(abs(Kernels.mean(y).item().doubleValue - 1) < 0.01)
    #expect(kept.toArray(as: Bool.self) == mask(context, 1))
    #expect(mask(context, 1) != mask(context, 2))
    var other = context
    other.step += 1
    #expect(mask(context, 1) != mask(other, 1))
    #expect(Kernels.sum(Kernels.nativeDropout(x, 1, context.stream(for: 1)).0).item() == 0.0)
  }
}
