import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("The scope of weight decay")
struct DecayScopeTests {
  @Test(
    "Weight decay leaves vectors alone when it is for matrices",
    arguments: [DecayScope.all, .matrices])
  func scope(_ scope: DecayScope) throws {
    let layer = Linear(2, 2)
    layer.weight.array.fill(1)
    let bias = try #require(layer.bias)
    bias.array.fill(1)
    let optimizer = AdamW(
      layer.parameters, .adamW(learningRate: 0.5, weightDecay: 0.5, decayScope: scope))
    try layer.weight.setGrad(Tensor.zeros([2, 2]))
    try bias.setGrad(Tensor.zeros([2]))
    optimizer.step()
    #expect(layer.weight.floats() == [0.75, 0.75, 0.75, 0.75])
    #expect(bias.floats() == (scope == .all ? [0.75, 0.75] : [1, 1]))
  }
}
