import SounderArray
import Testing

@testable import SounderAutograd

/// Fused gradients stand in for compositions only where nothing is built on the gradient.
@Suite("Fused gradients")
struct FusedGradientTests {
  struct Loss: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Tensor) -> Tensor
  }

  static let losses = [
    Loss(testDescription: "logsumexp") { $0.logsumexp([0]).square().sum() },
    Loss(testDescription: "var") { $0.var(dim: [1]).square().sum() },
    Loss(testDescription: "amax") { $0.amax(dim: [1]).square().sum() },
    Loss(testDescription: "cross_entropy") { $0.crossEntropy(Tensor([2, 0])) },
    Loss(testDescription: "layer_norm") { ($0.layerNorm([3]) * $0).square().sum() },
  ]

  @Test("Forward mode over a backward pass without a graph sees them", arguments: losses)
  func forwardOverReverse(_ loss: Loss) throws {
    let x = Tensor([0.5, -1, 2, 1.5, 0.25, -2] as [Double], shape: [2, 3])
    let direction = Tensor([1, 0.5, -1, 2, 0, 1] as [Double], shape: [2, 3])
    func product(createGraph: Bool) throws -> Tensor? {
      try ForwardMode.level { level in
        let dual = try level.dual(try Tensor(x.array).requiresGrad(), tangent: direction)
        let found = try gradients(
          of: [loss.function(dual)], withRespectTo: [dual], createGraph: createGraph)
        return try #require(found[0]).tangent
      }
    }
    let plain = try #require(try product(createGraph: false))
    let recorded = try #require(try product(createGraph: true))
    for (a, b) in zip(plain.doubles(), recorded.doubles()) { #expect(abs(a - b) < 1e-9) }
  }
}
