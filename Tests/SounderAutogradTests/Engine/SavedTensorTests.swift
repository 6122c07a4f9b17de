import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct SavedTensorTests {
  @Test("Outputs without gradients can be saved, and second derivatives are right")
  func nonDifferentiableOutputs() throws {
    var stream = RandomStream(seed: 2, stream: 2)
    let x = try Tensor.randn([4, 6], .float64, from: &stream).requiresGrad()
    let w = try Tensor.randn([6], .float64, from: &stream).requiresGrad()
    let normal = x.nativeLayerNorm([6], w, nil, 1e-5)
    #expect(normal.output.requiresGrad)
    #expect(!normal.mean.requiresGrad && !normal.rstd.requiresGrad)
    let penalty = { (inputs: [Tensor]) in
      let y = inputs[0].layerNorm([6], weight: inputs[1]).tanh().sum()
      let found = try gradients(of: [y], withRespectTo: inputs, createGraph: true)
      return found.compactMap { $0 }.reduce(y) { $0 + ($1 * $1).sum() }
    }
    try checkThirdOrder(penalty, [x, w])
  }

  @Test("A pass that fails leaves what it read to the next one")
  func failedPass() throws {
    let x = try Tensor([1, 2] as [Double]).requiresGrad()
    let inner = x * 1
    let factor = Tensor([3, 4] as [Double])
    let loss = (inner * inner * factor).sum()
    try noGrad { _ = try factor.mul_(Tensor([1, 2] as [Double])) }
    for _ in 0..<2 {
      #expect {
        try loss.backward()
      } throws: { ($0 as? AutogradError)?.kind == .savedTensorModified }
    }
    #expect(x.grad == nil)
  }

  @Test("Cross-entropy has a right gradient of its gradient")
  func crossEntropy() throws {
    var stream = RandomStream(seed: 2, stream: 3)
    let x = try Tensor.randn([4, 6], .float64, from: &stream).requiresGrad()
    let target = Tensor([0, 5, 2, 2] as [Int])
    try checkThirdOrder(
      { inputs in
        let loss = inputs[0].crossEntropy(target, reduction: "sum")
        let found = try #require(
          gradients(of: [loss], withRespectTo: inputs, createGraph: true)[0])
        return loss + (found * found).sum()
      }, [x])
  }

  /// Checks the gradient of a function that contains gradients, against differences.
  private func checkThirdOrder(_ function: ([Tensor]) throws -> Tensor, _ leaves: [Tensor]) throws {
    let found = try gradients(of: [try function(leaves)], withRespectTo: leaves)
    let step = 1e-5
    for (index, leaf) in leaves.enumerated() {
      for element in [0, leaf.count - 1] {
        func value(_ change: Double) throws -> Double {
          var moved = leaves
          var numbers = leaf.doubles()
          numbers[element] += change
          moved[index] = Tensor(numbers, shape: leaf.shape)
          return try function(moved.map { try Tensor($0.array).requiresGrad() }).item()
        }
        let difference = try (value(step) - value(-step)) / (2 * step)
        let gradient = try #require(found[index]).doubles()[element]
        #expect(abs(gradient - difference) < 1e-6 * max(1, abs(difference)))
      }
    }
  }

  @Test("A saved output has its history when it is read, and no cycle keeps it alive")
  func savedOutput() throws {
    let x = try leaf(0.5)
    weak var node: Node?
    do {
      let y = x.tanh()
      node = y.node
      let slope = try #require(gradients(of: [y], withRespectTo: [x], createGraph: true)[0])
      let second = try #require(gradients(of: [slope], withRespectTo: [x])[0])
      let t = y.item()
      #expect(abs(second.item() + 2 * t * (1 - t * t)) < 1e-14)
    }
    #expect(node == nil)
  }

  @Test("What is saved is what the formula needs")
  func savedForNeeds() throws {
    let x = try leaf(1, 2)
    weak var factor: Tensor?
    let y: Tensor
    do {
      let c = constant(3, 4)
      factor = c
      y = x + c
    }
    #expect(factor == nil)
    try y.sum().backward()
    weak var weight: Tensor?
    let z: Tensor
    do {
      let w = Tensor([1, 2, 3, 4] as [Double], shape: [2, 2])
      weight = w
      let input = Tensor([1, 2] as [Double], shape: [1, 2])
      z = input.linear(w, bias: x)
    }
    #expect(weight == nil)
    try z.sum().backward()
    #expect(x.grad?.doubles() == [2, 2])
  }
}
