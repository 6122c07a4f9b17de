import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct BatchNormTests {
  private let input = Tensor(NDArray([1, 3, 5, 7, 2, 2, 4, 4] as [Double], shape: [4, 2]))

  @Test("Training moves the running statistics in place and counts the change")
  func training() {
    let mean = Tensor(NDArray([0, 0] as [Double]))
    let variance = Tensor(NDArray([1, 1] as [Double]))
    _ = input.batchNorm(mean, variance, training: true, momentum: 0.5)
    #expect(mean.doubles() == [1.5, 2])
    let spread = [10.0 / 3, 14.0 / 3]
    for (found, unbiased) in zip(variance.doubles(), spread) {
      #expect(abs(found - (0.5 + 0.5 * unbiased)) < 1e-12)
    }
    #expect(mean.version == 1 && variance.version == 1)
  }

  @Test("Otherwise the running statistics are used and stay")
  func evaluation() {
    let mean = Tensor(NDArray([1, 2] as [Double]))
    let variance = Tensor(NDArray([4, 1] as [Double]))
    let result = input.batchNorm(mean, variance, eps: 0)
    #expect(result.doubles() == [0, 1, 2, 5, 0.5, 0, 1.5, 2])
    #expect(mean.version == 0 && variance.version == 0)
  }
}
