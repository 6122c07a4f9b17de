import SounderArray
import Testing

@testable import SounderNN

@Suite("Initialisers")
struct InitializerTests {
  /// Shape [out, in] with fan-in 300 and fan-out 200.
  private static let shape: Shape = [200, 300]

  private func draw(_ initializer: Initializer, _ shape: Shape, stream: UInt64 = 7) -> [Double] {
    let array = NDArray(uninitialized: shape, .float32)
    var stream = RandomStream(seed: 3, stream: stream)
    initializer.fill(array, from: &stream)
    return array.toArray(as: Double.self)
  }

  @Test(
    "A uniform initialiser fills its interval evenly",
    arguments: [
      (Initializer.uniform(low: -0.5, high: 0.5), 0.5),
      (.kaimingUniform(), (6.0 / 300).squareRoot()),
      (.kaimingUniform(slope: 5.0.squareRoot()), 1 / 300.0.squareRoot()),
      (.xavierUniform(gain: 2), 2 * (6.0 / 500).squareRoot()),
    ])
  func uniform(initializer: Initializer, bound: Double) {
    let values = draw(initializer, Self.shape)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count) - mean * mean
    #expect(values.allSatisfy { abs($0) <= bound * 1.000001 })
    #expect(abs(mean) < 0.02 * bound)
    #expect(abs(variance / (bound * bound / 3) - 1) < 0.02)
  }

  @Test(
    "A normal initialiser has its mean and deviation",
    arguments: [
      (Initializer.normal(mean: 0.5, deviation: 2), 0.5, 2),
      (.kaimingNormal(), 0, (2.0 / 300).squareRoot()),
      (.kaimingNormal(slope: 1), 0, (1.0 / 300).squareRoot()),
      (.xavierNormal(), 0, (2.0 / 500).squareRoot()),
    ])
  func normal(initializer: Initializer, mean: Double, deviation: Double) {
    let values = draw(initializer, Self.shape)
    let found = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)
    #expect(abs(found - mean) < 0.02 * deviation)
    #expect(abs(variance.squareRoot() / deviation - 1) < 0.02)
  }

  @Test("A convolution's kernel counts its field in the fan-in")
  func receptiveField() {
    let bound = (6.0 / (4 * 9)).squareRoot()
    let values = draw(.kaimingUniform(), [8, 4, 3, 3])
    #expect(values.allSatisfy { abs($0) <= bound })
    #expect(values.contains { abs($0) > 0.9 * bound })
  }

  @Test("A constant fills everything")
  func constant() {
    #expect(draw(.constant(1.5), [2, 2]) == [1.5, 1.5, 1.5, 1.5])
  }

  @Test("Values depend on the stream alone")
  func reproducible() {
    let shape: Shape = [5, 7]
    #expect(draw(.kaimingNormal(), shape) == draw(.kaimingNormal(), shape))
    #expect(draw(.kaimingNormal(), shape) != draw(.kaimingNormal(), shape, stream: 8))
  }
}
