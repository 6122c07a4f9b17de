import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("Dropout")
struct DropoutTests {
  private let model: Sequential = {
    let model = Sequential(Dropout(0.25), Dropout(0.25))
    _ = model.namedParameters
    return model
  }()

  private func draw(_ module: Module, _ context: RandomContext) -> [Float] {
    withRandomContext(context) { module(Tensor.ones([40, 50])).floats() }
  }

  @Test("It keeps the expected share and the mean")
  func statistics() {
    let values = draw(Dropout(0.25), RandomContext(seed: 1))
    let kept = values.filter { $0 != 0 }
    #expect(abs(Double(kept.count) / 2_000 - 0.75) < 0.03)
    #expect(kept.allSatisfy { abs($0 - 4 / 3) < 1e-6 })
  }

  @Test("Seed, step, shard and layer choose what is dropped, and nothing else does")
  func determinism() {
    let context = RandomContext(seed: 1, step: 2, shard: 3)
    let reference = draw(model.layers[0], context)
    #expect(draw(model.layers[0], context) == reference)
    #expect(draw(Sequential(Dropout(0.25)), context) == reference)
    #expect(draw(model.layers[1], context) != reference)
    #expect(draw(model.layers[0], RandomContext(seed: 2, step: 2, shard: 3)) != reference)
    #expect(draw(model.layers[0], RandomContext(seed: 1, step: 1, shard: 3)) != reference)
    #expect(draw(model.layers[0], RandomContext(seed: 1, step: 2, shard: 0)) != reference)
  }

  @Test("Random layers are numbered through the outermost module")
  func numbering() {
    let inner = Sequential(Dropout(), ReLU(), Dropout())
    let outer = Sequential(Dropout(), inner)
    _ = inner(Tensor.ones([2]))
    _ = outer(Tensor.ones([2]))
    let numbers = (inner.layers + outer.layers).compactMap { ($0 as? Dropout)?.layer }
    #expect(numbers == [1, 2, 0])
  }

  @Test("Out of training, or with probability zero, it returns its input")
  func inactive() {
    let input = Tensor.ones([3])
    let layer = Dropout(0.5)
    layer.eval()
    #expect(layer(input) === input)
    #expect(Dropout(0)(input) === input)
  }

  @Test("The gradient passes where the value passed")
  func gradient() throws {
    let input = Tensor.parameter(Kernels.ones([100], .float32))
    let output = Dropout(0.5)(input)
    try output.sum().backward()
    #expect(input.grad?.floats() == output.floats())
  }
}
