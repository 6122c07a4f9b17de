import SounderArray
import Testing

@testable import SounderAutograd

@Suite("CO-15: checks of registered operators")
struct OperatorCheckTests {
  private static func problems(
    _ registration: Registration, _ samples: [OperatorArgument]...
  ) throws -> [String] {
    try checkOperator(registration.name, samples: samples).problems
  }

  private static let x = constant(0.5, -1.5, 2)

  @Test("CO-15: a right operator passes every aspect")
  func right() throws {
    let product = try CustomOperatorGradientTests.product()
    product.custom.samples = [[.tensor(Self.x), .tensor(constant(1, 2, 3))]]
    let report = try checkOperator(product.name)
    #expect(report.passed, "\(report.problems)")
    #expect(OperatorCheckReport.Aspect.allCases.map(report.count) == [1, 1, 1, 1, 1])
  }

  @Test("CO-15: a changed argument is found, with and without the version counter")
  func mutation() throws {
    let counted = try Registration("NAME(Tensor x) -> Tensor") {
      [.tensor(try $0.tensor("x").mul_(2).clone())]
    }
    let hidden = try Registration("NAME(Tensor y, Tensor x) -> Tensor") { inputs in
      let x = try inputs.tensor("x")
      x.array.fill(3)
      return [.tensor(x.clone())]
    }
    let integers = OperatorArgument.tensor(Tensor([1, 2] as [Int]))
    #expect(
      try Self.problems(counted, [integers])
        == ["sample 0: schema: argument 'x' is changed, which the schema does not say"])
    #expect(try Self.problems(hidden, [integers, integers]).count == 1)
  }

  @Test("CO-15: a result that is an argument, or another result, is found")
  func aliasing() throws {
    let view = try Registration("NAME(Tensor x) -> Tensor") {
      [.tensor(try $0.tensor("x").select(0, 0))]
    }
    let twins = try Registration("NAME(Tensor x) -> (Tensor, Tensor)") { inputs in
      let result = try inputs.tensor("x") + 1
      return [.tensor(result), .tensor(result)]
    }
    let integers = OperatorArgument.tensor(Tensor([1, 2] as [Int]))
    #expect(
      try Self.problems(view, [integers])[0].contains("result 0 shares the memory of argument 'x'"))
    #expect(try Self.problems(twins, [integers])[0].contains("result 1 shares the memory of an"))
  }

  @Test("CO-15: a missing derivative, or half of one, is found")
  func registration() throws {
    let scale = try Registration.scale()
    let problems = try Self.problems(scale, [.tensor(Self.x)])
    #expect(problems.count == 1 && problems[0].contains("registration: "))
    try scale.custom.setBackward { _, _ in ["x": nil] }
    #expect(try Self.problems(scale, [.tensor(Self.x)]).contains { $0.contains("save function") })
  }

  @Test("CO-15: wrong gradients, second derivatives and tangents are found, each as such")
  func derivatives() throws {
    let wrong = try Registration("NAME(Tensor x) -> Tensor") {
      let x = try $0.tensor("x")
      return [.tensor(x * x)]
    }
    let save: CustomOperator.Save = { inputs, _ in .tensor(try inputs.tensor("x")) }
    try wrong.custom.setDerivative(save: save) { saved, gradients in
      ["x": .tensor(try gradients[0].tensor() * saved.tensor() * 3)]
    }
    #expect(try Self.problems(wrong, [.tensor(Self.x)])[0].hasPrefix("sample 0: gradients: "))

    // The right first derivative, computed outside the graph.
    try wrong.custom.setDerivative(save: save) { saved, gradients in
      ["x": .tensor(try gradients[0].tensor() * saved.tensor().detach() * 2)]
    }
    let second = try Self.problems(wrong, [.tensor(Self.x)])
    #expect(second.count == 1 && second[0].hasPrefix("sample 0: second order: "))

    try wrong.custom.setDerivative(
      save: save,
      backward: { saved, gradients in
        ["x": .tensor(try gradients[0].tensor() * saved.tensor() * 2)]
      }, forward: { _, tangents, _ in [.tensor(try #require(tangents["x"]).tensor())] })
    let forward = try Self.problems(wrong, [.tensor(Self.x)])
    #expect(forward.count == 1 && forward[0].hasPrefix("sample 0: forward mode: "))
  }

  @Test(
    "CO-15: built-in operators pass with their own samples",
    arguments: ["mul.Tensor", "exp", "mul_.Tensor", "transpose"])
  func builtIn(name: String) throws {
    let report = try checkOperator(name)
    #expect(report.passed, "\(report.problems)")
  }

  @Test("CO-15: an unknown operator, no samples and unfit arguments are errors")
  func errors() throws {
    let scale = try Registration.scale()
    #expect(throws: OperatorError.self) { try checkOperator("test::absent") }
    #expect(errorText { try checkOperator(scale.name) }.contains("no samples"))
    #expect(throws: OperatorError.self) { try checkOperator(scale.name, samples: [["x"]]) }
  }
}
