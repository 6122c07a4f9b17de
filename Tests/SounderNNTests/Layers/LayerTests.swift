import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("Layers")
struct LayerTests {
  @Test("A linear layer is x·Wᵀ + b")
  func linear() throws {
    let layer = Linear(2, 3)
    try layer.load([
      "weight": NDArray([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2]),
      "bias": NDArray([0.5, 0, -1] as [Float]),
    ])
    let output = layer(Tensor([1, -1, 2, 0] as [Float], shape: [2, 2]))
    #expect(output.shape == [2, 3])
    #expect(output.floats() == [-0.5, -1, -2, 2.5, 6, 9])
  }

  @Test("Without bias a linear layer has one parameter")
  func linearWithoutBias() {
    let layer = Linear(2, 3, bias: false)
    #expect(layer.bias == nil)
    #expect(layer.parameters.count == 1)
    #expect(layer(Tensor.zeros([1, 2])).floats() == [0, 0, 0])
  }

  @Test("Linear layers are drawn within one over the root of the inputs")
  func linearInitialisation() {
    let layer = Linear(100, 50)
    let values = layer.weight.floats() + (layer.bias?.floats() ?? [])
    #expect(values.allSatisfy { abs($0) <= 0.1 })
    #expect(values.contains { abs($0) > 0.09 })
  }

  @Test(
    "Activations are the functions of their names",
    arguments: [
      (Activation.relu, [0, 0, 2]), (.tanh, [-0.7615942, 0, 0.9640276]),
      (.sigmoid, [0.26894143, 0.5, 0.8807971]), (.gelu, [-0.15865526, 0, 1.9544997]),
    ])
  func activations(activation: Activation, expected: [Double]) {
    let output = activation.makeModule()(Tensor([-1, 0, 2] as [Float])).doubles()
    #expect(output.isClose(to: expected, within: 1e-6))
  }

  @Test("Layer normalisation leaves mean 0 and variance 1")
  func layerNorm() {
    let layer = LayerNorm(4)
    let output = layer(Tensor([1, 2, 3, 4, -5, 0, 5, 20] as [Float], shape: [2, 4])).doubles()
    for row in [output[..<4], output[4...]] {
      #expect(abs(row.reduce(0, +)) < 1e-5)
      #expect(abs(row.reduce(0) { $0 + $1 * $1 } / 4 - 1) < 1e-4)
    }
    #expect(layer.namedParameters.map(\.name) == ["weight", "bias"])
  }

  @Test("An embedding looks rows up and gives its padding row no gradient")
  func embedding() throws {
    let layer = Embedding(4, 2, paddingIndex: 1)
    let rows = layer.weight.floats()
    #expect(rows[2...3] == [0, 0])
    let output = layer(Tensor([3, 1, 3] as [Int]))
    #expect(output.shape == [3, 2])
    #expect(output.floats() == [rows[6], rows[7], 0, 0, rows[6], rows[7]])
    try output.sum().backward()
    #expect(layer.weight.grad?.floats() == [0, 0, 0, 0, 0, 0, 2, 2])
  }

  @Test("Flatten keeps the batch, identity everything")
  func shaping() {
    let input = Tensor.ones([2, 3, 4])
    #expect(Flatten()(input).shape == [2, 12])
    #expect(Identity()(input) === input)
  }
}
