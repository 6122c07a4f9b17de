import SounderArray
import Testing

@testable import SounderAutograd

/// What gradients are where functions have none: PyTorch's choices.
@Suite("Gradients at ties, zeros and limits")
struct EdgeGradientTests {
  struct Edge: Sendable, CustomTestStringConvertible {
    let name: String
    let point: [Double]
    let expected: [Double]
    let function: @Sendable (Tensor) -> Tensor
    var testDescription: String { name }

    init(
      _ name: String, _ point: [Double], _ expected: [Double],
      _ function: @escaping @Sendable (Tensor) -> Tensor
    ) {
      (self.name, self.point, self.expected, self.function) = (name, point, expected, function)
    }
  }

  static let edges: [Edge] = [
    Edge("amax shares a tie", [3, 1, 3], [0.5, 0, 0.5]) { $0.amax() },
    Edge("amin along a dimension shares a tie", [1, 1, 3], [0.5, 0.5, 0]) { $0.amin(dim: [0]) },
    Edge("max shares a tie", [3, 1, 3], [0.5, 0, 0.5]) { $0.max() },
    Edge("max along a dimension selects", [3, 1, 3], [1, 0, 0]) { $0.max(0).values },
    Edge("median shares a tie", [2, 1, 2], [0.5, 0, 0.5]) { $0.median() },
    Edge("prod with one zero", [2, 0, 3], [0, 6, 0]) { $0.prod() },
    Edge("prod with two zeros", [0, 0, 3], [0, 0, 0]) { $0.prod() },
    Edge("cumprod with a zero", [2, 0, 3], [1, 8, 0]) { $0.cumprod(0).sum() },
    Edge("the norm at zero", [0, 0], [0, 0]) { $0.norm() },
    Edge("the maximum norm shares a tie", [-2, 2, 1], [-0.5, 0.5, 0]) {
      $0.norm(.float(.infinity))
    },
    Edge("the deviation of equal elements", [2, 2, 2], [0, 0, 0]) { $0.std() },
    Edge("a probability of zero", [0], [-1e12]) {
      $0.binaryCrossEntropy($0.detach().onesLike())
    },
    Edge("the logistic loss at zero", [0], [-0.5]) {
      $0.binaryCrossEntropyWithLogits($0.detach().onesLike())
    },
  ]

  @Test("The gradient is PyTorch's choice", arguments: edges)
  func gradient(_ edge: Edge) throws {
    let x = try Tensor(edge.point).requiresGrad()
    try edge.function(x).backward()
    #expect(x.grad?.doubles() == edge.expected)
  }

  @Test("The second derivative of a product sees through its zeros")
  func productOfZeros() throws {
    let x = try Tensor([0, 0, 3] as [Double]).requiresGrad()
    let first = try gradients(of: [x.prod()], withRespectTo: [x], createGraph: true)
    let second = try gradients(of: [first[0]!.select(0, 0)], withRespectTo: [x])
    #expect(second[0]?.doubles() == [0, 3, 0])
  }

  @Test("An ignored class counts neither in the sum nor in the mean")
  func ignoredClass() throws {
    let x = try Tensor([1, 2, 3, 4] as [Double], shape: [2, 2]).requiresGrad()
    let loss = x.crossEntropy(Tensor([1, -100]))
    #expect(loss.item() == x.detach().select(0, 0).unsqueeze(0).crossEntropy(Tensor([1])).item())
    try loss.backward()
    #expect(x.grad?.doubles().suffix(2) == [0, 0])
  }
}
