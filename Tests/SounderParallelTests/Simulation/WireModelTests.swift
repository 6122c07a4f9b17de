import Testing

@testable import SounderParallel

@Suite struct WireModelTests {
  @Test(
    "Compressed gradients have the bytes of their code",
    arguments: [
      (Compression.none, 4, false), (.bf16, 2, true), (.fp16, 2, true),
      (.int8, 1 + 4.0 / 256, true),
      (.topK(fraction: 0.125), 1, true),
    ])
  func bytes(compression: Compression, bytes: Double, isCoded: Bool) {
    let wire = WireModel.measure(compression, elementCount: 100_000)
    #expect(abs(wire.bytesPerElement - bytes) < 1e-3)
    #expect(wire.isCoded == isCoded)
    #expect((wire.encodeSeconds > 0) == isCoded)
    #expect((wire.decodeSeconds > 0) == isCoded)
  }
}
