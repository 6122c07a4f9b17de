import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct GradientsFunctionTests {
  @Test("AM-05: Gradients are returned, and no leaf's is touched")
  func returned() throws {
    let x = try leaf(2)
    let y = try leaf(3)
    let found = try gradients(of: [x * y + x], withRespectTo: [x, y])
    #expect(found.map { $0?.item() } == [4, 2])
    #expect(x.grad == nil && y.grad == nil)
  }

  @Test("AM-05: Several outputs are summed, and inputs may repeat")
  func severalOutputs() throws {
    let x = try leaf(2)
    let found = try gradients(
      of: [x * 3, x * x], withRespectTo: [x, x], gradOutputs: [nil, constant(10)])
    #expect(found.map { $0?.item() } == [43, 43])
  }

  @Test("AM-05: An input may depend on another")
  func ancestors() throws {
    let x = try leaf(2)
    let y = x * x
    let z = y * y
    let found = try gradients(of: [z], withRespectTo: [x, y, z])
    #expect(found.map { $0?.item() } == [32, 8, 1])
  }

  @Test("AM-05: Unused inputs are errors, nil or zeros, as asked")
  func unused() throws {
    let x = try leaf(2)
    let unused = try leaf(1, 2)
    func call(allowUnused: Bool = false, materializeGrads: Bool = false) throws -> [Tensor?] {
      try gradients(
        of: [x * 2], withRespectTo: [x, unused], allowUnused: allowUnused,
        materializeGrads: materializeGrads)
    }
    #expect(errorKind { _ = try call() } == .unusedInput)
    #expect(try call(allowUnused: true)[1] == nil)
    #expect(try call(materializeGrads: true)[1]?.doubles() == [0, 0])
  }

  @Test("AM-05: Wrong arguments are refused")
  func errors() throws {
    let x = try leaf(2)
    let y = x * 2
    #expect(errorKind { _ = try gradients(of: [y], withRespectTo: []) } == .emptyInputs)
    #expect(
      errorKind { _ = try gradients(of: [y], withRespectTo: [constant(1)]) }
        == .inputNotDifferentiable)
    #expect(
      errorKind { _ = try gradients(of: [y], withRespectTo: [x], gradOutputs: []) } == .gradCount)
    #expect(
      errorKind {
        _ = try gradients(of: [y], withRespectTo: [x], gradOutputs: [constant(1, 2)])
      } == .gradShape)
    #expect(
      errorKind { _ = try gradients(of: [constant(1)], withRespectTo: [x]) }
        == .rootNotDifferentiable)
    let matrix = try leaf(1, 2)
    #expect(
      errorKind { _ = try gradients(of: [matrix * 2], withRespectTo: [matrix]) } == .nonScalarRoot)
  }

  @Test("AM-05: createGraph makes gradients that can be differentiated again")
  func createGraph() throws {
    let x = try leaf(2)
    var derivative: Tensor = x.pow(5)
    var values: [Double] = []
    for _ in 0..<5 {
      derivative = try #require(
        gradients(of: [derivative], withRespectTo: [x], createGraph: true)[0])
      values.append(derivative.item())
    }
    #expect(values == [80, 160, 240, 240, 120])
    let plain = try gradients(of: [x.pow(5)], withRespectTo: [x])[0]
    #expect(plain?.requiresGrad == false)
  }

  @Test("AM-06: Only the listed tensors accumulate, leaves or not")
  func listedInputs() throws {
    let x = try leaf(2)
    let w = try leaf(5)
    let y = x * w
    let z = y * y
    try z.backward(retainGraph: true, inputs: [y])
    #expect(y.grad?.item() == 20)
    #expect(x.grad == nil && w.grad == nil)
    try z.backward(retainGraph: true, inputs: [w])
    #expect(w.grad?.item() == 40)
    #expect(x.grad == nil)
    try z.backward(inputs: [w, y])
    #expect(w.grad?.item() == 80)
    #expect(y.grad?.item() == 40)
    #expect(errorKind { try (x * w).backward(inputs: []) } == .emptyInputs)
  }

  @Test("AM-06: A tensor listed twice accumulates once")
  func listedTwice() throws {
    let x = try leaf(2)
    let y = x * 3
    try y.backward(inputs: [x, x])
    #expect(x.grad?.item() == 3)
  }

  @Test(
    "Nodes off the paths to the requested inputs do not run, and formulas skip what is not needed")
  func needs() throws {
    let x = try leaf(2)
    let w = try leaf(3)
    let runs = Journal<String>()
    let other = Tensor.recorded(constant(1), from: [w]) { _ in runs.note("other") }
    let y = Tensor.recorded(constant(1), from: [x, other]) { pass in
      runs.note("y needs \(pass.needs(0)) \(pass.needs(1))")
      pass.send(0, constant(7))
    }
    #expect(try gradients(of: [y], withRespectTo: [x])[0]?.item() == 7)
    #expect(runs.entries == ["y needs true false"])
  }
}
