import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

/// Every kind of property a module may have.
private class Base: Module {
  let scale = Tensor.parameter(NDArray([2] as [Float]))
  let statistics = Tensor([0, 0, 0] as [Float])
}

private final class Nested: Base {
  let blocks: [Module]
  let head = Linear(3, 2, bias: false)
  let absent: Linear? = nil
  let optional: Linear? = Linear(2, 2)
  let table = [
    Tensor.parameter(NDArray([1, 2] as [Float])), Tensor.parameter(NDArray([3] as [Float])),
  ]
  let tied: Linear
  let width = 3

  override init() {
    let first = Linear(4, 3)
    blocks = [Sequential(first, ReLU()), LayerNorm(3)]
    tied = first
  }
}

@Suite("Modules")
struct ModuleTests {
  @Test("Parameters have the names of the properties that lead to them, in declaration order")
  func names() {
    let model = Nested()
    #expect(
      model.namedParameters.map(\.name) == [
        "scale", "table.0", "table.1", "blocks.0.layers.0.weight", "blocks.0.layers.0.bias",
        "blocks.1.weight", "blocks.1.bias", "head.weight", "optional.weight", "optional.bias",
      ])
    #expect(model.namedBuffers.map(\.name) == ["statistics"])
    #expect(model.parameterCount == 1 + 2 + 1 + 12 + 3 + 3 + 3 + 6 + 4 + 2)
  }

  @Test("Layers in sequence are numbered")
  func sequence() {
    let model = MLP(4, hidden: [3], 2, dropout: 0.5, layerNorm: true)
    #expect(
      model.namedParameters.map(\.name) == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "layers.4.weight",
        "layers.4.bias",
      ])
  }

  @Test("Training mode reaches every module")
  func trainingMode() {
    let model = MLP(4, hidden: [3], 2, dropout: 0.5)
    #expect(model.isTraining && model.layers.allSatisfy { $0.isTraining })
    model.eval()
    #expect(!model.isTraining && model.layers.allSatisfy { !$0.isTraining })
    model.train()
    #expect(model.layers.allSatisfy { $0.isTraining })
  }

  @Test("A frozen parameter stays a parameter, without gradient and without a place in the layout")
  func freezing() throws {
    let model = Sequential(Linear(3, 4), ReLU(), Linear(4, 2))
    model.layers[0].requiresGrad(false)
    #expect(model.namedParameters.count == 4)
    #expect(model.namedBuffers.isEmpty)
    #expect(model.parameterLayout().entries.map(\.name) == ["layers.2.weight", "layers.2.bias"])
    try model(Tensor.ones([1, 3])).sum().backward()
    #expect(model.parameters.map { $0.grad != nil } == [false, false, true, true])
    model.requiresGrad(true)
    #expect(model.parameterLayout().entries.count == 4)
    model.zeroGrad()
    #expect(model.parameters.allSatisfy { $0.grad == nil })
  }

  @Test("A seed determines all values, whatever was created before")
  func seeding() {
    let first = MLP(5, hidden: [4], 3)
    _ = Linear(7, 7)
    let second = MLP(5, hidden: [4], 3)
    func values(_ model: Module) -> [[Float]] { model.parameters.map { $0.floats() } }
    #expect(values(first) != values(second))
    first.initialize(seed: 9)
    second.initialize(seed: 9)
    #expect(values(first) == values(second))
    second.initialize(seed: 10)
    #expect(values(first) != values(second))
  }

  @Test("A module without forward says so")
  func noForward() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Base()(Tensor.ones([1]))
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains("Base: forward(_:) is not implemented"))
  }
}
