import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("Optimisers over tensors")
struct OptimizerTests {
  private func parameter(_ values: [Double]) -> Tensor { .parameter(NDArray(values)) }

  @Test("They give the numbers of the flat loops")
  func agreesWithFlat() throws {
    let start = OptimizerReferenceTests.initial
    let tensor = parameter(start)
    let optimizer = AdamW([tensor], learningRate: 0.05, weightDecay: 0.5)
    var flat = FlatMemory<Double>(.adamW(learningRate: 0.05, weightDecay: 0.5), start)
    for (index, gradient) in OptimizerReferenceTests.gradients.enumerated() {
      try tensor.setGrad(Tensor(gradient))
      optimizer.step()
      flat.step(index + 1, gradient)
    }
    #expect(tensor.doubles() == flat.parameters)
    #expect(optimizer.state(ofParameter: 0).map { $0.toArray(as: Double.self) } == flat.state)
  }

  @Test("A step changes the version, so that an outdated backward pass fails")
  func versions() throws {
    let tensor = parameter([1, 2])
    let stale = (tensor * tensor).sum()
    try tensor.setGrad(Tensor([1, 1] as [Double]))
    SGD([tensor], learningRate: 1).step()
    #expect(tensor.doubles() == [0, 1])
    #expect(throws: (any Error).self) { try stale.backward() }
  }

  @Test("Parameters without a gradient are left alone, and count no steps")
  func missingGradients() throws {
    let (a, b) = (parameter([1]), parameter([1]))
    let optimizer = Adam([a, b], learningRate: 0.1)
    try a.setGrad(Tensor([1] as [Double]))
    optimizer.step()
    #expect(a.doubles()[0] < 1 && b.doubles() == [1])
    #expect(optimizer.state(ofParameter: 1).isEmpty)
    try b.setGrad(Tensor([1] as [Double]))
    try a.setGrad(nil)
    optimizer.step()
    #expect(a.doubles() == b.doubles())
    optimizer.zeroGrad()
    #expect(a.grad == nil && b.grad == nil)
  }

  @Test("The learning rate may change between steps")
  func learningRate() throws {
    let tensor = parameter([0])
    let optimizer = SGD([tensor], learningRate: 1)
    for rate in [1, 0.5] {
      try tensor.setGrad(Tensor([-1] as [Double]))
      optimizer.learningRate = rate
      optimizer.step()
    }
    #expect(tensor.doubles() == [1.5])
  }

  @Test("Gradients that are views are read in the right order")
  func stridedGradient() throws {
    let tensor = Tensor.parameter(NDArray([0, 0, 0, 0] as [Double], shape: [2, 2]))
    try tensor.setGrad(Tensor([1, 2, 3, 4] as [Double], shape: [2, 2]).t())
    SGD([tensor], learningRate: 1).step()
    #expect(tensor.doubles() == [-1, -3, -2, -4])
  }

  @Test("Clipping scales all gradients by one factor and returns the norm before")
  func clipping() throws {
    let (a, b, c) = (parameter([0, 0]), parameter([0]), parameter([0]))
    try a.setGrad(Tensor([3, 0] as [Double]))
    try b.setGrad(Tensor([4] as [Double]))
    #expect(clipGradientNorm([a, b, c], maximum: 10) == 5)
    #expect(a.grad?.doubles() == [3, 0])
    #expect(clipGradientNorm([a, b, c], maximum: 1) == 5)
    #expect(a.grad?.doubles().isClose(to: [0.6, 0], within: 1e-6) == true)
    #expect(b.grad?.doubles().isClose(to: [0.8], within: 1e-6) == true)
  }
}
