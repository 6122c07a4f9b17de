import SounderArray
import Testing

@testable import SounderParallel

@Suite struct FloatCodeTests {
  /// What readers read of values.
  static func read(_ values: [Float], _ code: any FloatCode) -> [Float] {
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(code.byteCount(values.count), 1), alignment: 8)
    defer { bytes.deallocate() }
    code.write(values, values.count, to: bytes)
    var result = [Float](repeating: .nan, count: values.count)
    code.read(bytes, values.count, into: &result)
    return result
  }

  static func normal(_ count: Int, seed: UInt64, deviation: Double = 1) -> [Float] {
    let array = NDArray(uninitialized: [count], .float32)
    var stream = RandomStream(seed: seed, stream: 0)
    stream.normal(array, deviation: deviation)
    return withExtendedLifetime(array) {
      Array(
        UnsafeBufferPointer(
          start: array.pointer.assumingMemoryBound(to: Float.self), count: count))
    }
  }

  static let special: [Float] = [
    0, -0.0, 1, -1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNormalMagnitude,
    .leastNonzeroMagnitude, 65504, 65519, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1.ffep-15, 0x1.004p-14,
    1.5e-5,
  ]

  @Test("DP-18: fp16 rounds as the processor's type does, and saturates beyond its range")
  func float16() {
    let values =
      Self.special
      + [1e-4, 1e-6, 1, 1e3, 1e5].flatMap { Self.normal(2000, seed: 5, deviation: $0) }
    for (value, found) in zip(values, Self.read(values, HalfCode.float16)) {
      let expected = Float(Float16(value))
      let limited = value.isFinite && !expected.isFinite ? (value < 0 ? -65504 : 65504) : expected
      #expect(found.bitPattern == limited.bitPattern, "\(value)")
    }
    #expect(Self.read([.nan], HalfCode.float16)[0].isNaN)
  }

  @Test("DP-18: every float of 16 bits is read as it was written")
  func allHalves() {
    let all = (0...UInt16.max).map { UInt32($0) << 16 }.map { Float(bitPattern: $0) }
    for (value, found) in zip(all, Self.read(all, HalfCode.bfloat16)) {
      #expect(value.isNaN ? found.isNaN : found.bitPattern == value.bitPattern)
    }
    let halves = (0...UInt16.max).map { Float(Float16(bitPattern: $0)) }
    for (value, found) in zip(halves, Self.read(halves, HalfCode.float16)) {
      #expect(value.isNaN ? found.isNaN : found.bitPattern == value.bitPattern)
    }
  }

  @Test("DP-18: bf16 rounds to nearest, ties to even")
  func bfloat16() {
    let values = Self.normal(10_000, seed: 6, deviation: 3)
    for (value, found) in zip(values, Self.read(values, HalfCode.bfloat16)) {
      #expect(abs(found - value) <= abs(value) * 0x1p-8)
    }
    let ties: [(UInt32, UInt32)] = [
      (0x3f80_8000, 0x3f80_0000), (0x3f81_8000, 0x3f82_0000), (0x3f80_8001, 0x3f81_0000),
      (0x7f7f_ffff, 0x7f80_0000), (0x7f80_0000, 0x7f80_0000),
    ]
    for (bits, expected) in ties {
      let found = Self.read([Float(bitPattern: bits)], HalfCode.bfloat16)[0].bitPattern
      #expect(found == expected)
    }
    #expect(Self.read([Float(bitPattern: 0x7fff_ffff)], HalfCode.bfloat16)[0].isNaN)
  }

  @Test(
    "DP-19: an 8-bit value is off by half a step of its block at most",
    arguments: [1, 255, 256, 257, 1000])
  func blocks(count: Int) {
    var values = Self.normal(count, seed: 7)
    // Blocks of other magnitudes, which must not suffer from each other.
    for index in values.indices where index / BlockCode.block % 2 == 1 { values[index] *= 1e-6 }
    let found = Self.read(values, BlockCode())
    for begin in stride(from: 0, to: count, by: BlockCode.block) {
      let block = begin..<min(begin + BlockCode.block, count)
      let step = (values[block].map(abs).max() ?? 0) / 127
      for index in block { #expect(abs(found[index] - values[index]) <= step * 0.5001) }
    }
  }

  @Test("DP-19: zeros stay zeros, and what is no number spoils its own block only")
  func specialBlocks() {
    var values = [Float](repeating: 1, count: 600)
    values.replaceSubrange(256..<512, with: repeatElement(0, count: 256))
    values[3] = .nan
    let found = Self.read(values, BlockCode())
    #expect(found[..<256].allSatisfy { $0.isNaN })
    #expect(found[256..<512].allSatisfy { $0 == 0 })
    #expect(found[512...].allSatisfy { $0 == 1 })
  }

  @Test(
    "DP-21: the largest magnitudes are written, the first among equals",
    arguments: [(1, 0.5), (7, 0.01), (1000, 0.1), (5000, 0.003), (300, 1.0)])
  func topK(count: Int, fraction: Double) {
    // Few different magnitudes, so that many are equal.
    let values = Self.normal(count, seed: 8).map { ($0 * 4).rounded() / 4 }
    let code = TopKCode(fraction: fraction)
    let kept = code.kept(count)
    #expect(kept == max(1, Int((Double(count) * fraction).rounded(.up))))
    let order = values.indices.sorted {
      (abs(values[$1]), $0) < (abs(values[$0]), $1)
    }
    var expected = [Float](repeating: 0, count: count)
    for index in order.prefix(kept) { expected[index] = values[index] }
    #expect(Self.read(values, code) == expected)
    #expect(code.byteCount(count) == 8 * kept)
  }

  @Test("DP-21: what is no number counts as the largest")
  func topKNaN() {
    let found = Self.read([1, .nan, 5, .infinity], TopKCode(fraction: 0.5))
    #expect(found[0] == 0 && found[1].isNaN && found[2] == 0 && found[3] == .infinity)
  }
}
