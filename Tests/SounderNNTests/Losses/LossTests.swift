import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("Losses")
struct LossTests {
  private let logits = Tensor.parameter(
    NDArray([2, 1, 0, -1, 0, 3] as [Double], shape: [2, 3]))
  private let targets = Tensor([0, 1] as [Int])
  private let samples = [0.4076059644443804, 3.0658839037574293]

  @Test("Cross-entropy is −log of the true class's softmax")
  func crossEntropyValues() {
    #expect(
      crossEntropy(logits, targets, reduction: .none).doubles().isClose(to: samples, within: 1e-12))
    #expect(
      abs(crossEntropy(logits, targets, reduction: .sum).item() - samples.reduce(0, +)) < 1e-12)
    #expect(abs(crossEntropy(logits, targets).item() - samples.reduce(0, +) / 2) < 1e-12)
  }

  @Test("The gradient of cross-entropy is softmax minus the true class, over the samples")
  func crossEntropyGradient() throws {
    try crossEntropy(logits, targets).backward()
    var expected = logits.detach().softmax(-1).doubles()
    expected[0] -= 1
    expected[4] -= 1
    let gradient = try #require(logits.grad).doubles()
    #expect(gradient.isClose(to: expected.map { $0 / 2 }, within: 1e-12))
  }

  @Test("Huge logits do not overflow")
  func crossEntropyRange() {
    let loss = crossEntropy(Tensor([1e4, -1e4] as [Float], shape: [1, 2]), Tensor([1] as [Int]))
    #expect(loss.item() == 2e4)
  }

  @Test(
    "The squared error is reduced as asked",
    arguments: [
      (LossReduction.mean, [2.5]), (.sum, [5]), (.none, [1, 4]),
    ])
  func squaredError(reduction: LossReduction, expected: [Double]) {
    let loss = mse(Tensor([1, 2] as [Double]), Tensor([2, 4] as [Double]), reduction: reduction)
    #expect(loss.doubles() == expected)
  }
}
