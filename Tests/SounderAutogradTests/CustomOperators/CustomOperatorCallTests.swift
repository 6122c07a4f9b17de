import Foundation
import SounderArray
import Testing

@testable import SounderAutograd

/// A registered operator that vanishes with the value that made it.
final class Registration: Sendable {
  let custom: CustomOperator
  var name: String { custom.name }

  /// Registers `schema`, whose `NAME` becomes a name of its own.
  init(
    _ schema: String, isComposite: Bool = false, kernel: @escaping CustomOperator.Kernel
  ) throws {
    let name = "test::op\(Self.counter.next())"
    custom = try OperatorRegistry.register(
      schema.replacingOccurrences(of: "NAME", with: name), isComposite: isComposite,
      kernel: kernel)
  }

  deinit { OperatorRegistry.unregister(name) }

  private static let counter = Counter()

  /// `NAME(Tensor x, float s) -> Tensor`: the product, without a derivative.
  static func scale() throws -> Registration {
    try Registration("NAME(Tensor x, float s=2) -> Tensor") { inputs in
      [.tensor(try inputs.tensor("x") * inputs.double("s"))]
    }
  }

  func callAsFunction(
    _ arguments: OperatorArgument..., named: [String: OperatorArgument] = [:]
  ) throws -> [Tensor] {
    try OperatorRegistry.call(name, arguments, named: named)
  }
}

/// A number that several threads count up.
final class Counter: @unchecked Sendable {
  // @unchecked: the lock protects the number.
  private let lock = NSLock()
  private var value = 0

  func next() -> Int {
    lock.withLock {
      value += 1; return value
    }
  }
}

/// The text of the error `body` throws; empty if it throws none.
func errorText(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return ""
}

@Suite("Calling registered operators")
struct CustomOperatorCallTests {
  @Test("CO-01: an operator is called by name, with defaults and named arguments")
  func callByName() throws {
    let scale = try Registration.scale()
    let x = constant(1, 2)
    #expect(try scale(.tensor(x), 3)[0].doubles() == [3, 6])
    #expect(try scale(.tensor(x))[0].doubles() == [2, 4])
    #expect(try scale(named: ["s": 0.5, "x": .tensor(x)])[0].doubles() == [0.5, 1])
    #expect(try OperatorRegistry.entry(scale.name).parameters.map(\.name) == ["x", "s"])
    #expect(try OperatorRegistry.overloads(of: scale.name).count == 1)
  }

  @Test("CO-01: arguments that don't fit the schema are refused")
  func arity() throws {
    let scale = try Registration.scale()
    let x = OperatorArgument.tensor(constant(1))
    #expect(errorText { _ = try scale(x, 1, 2) }.contains("3 arguments for 2 parameters"))
    #expect(errorText { _ = try scale() }.contains("argument 'x' is missing"))
    #expect(errorText { _ = try scale(x, "two") }.contains("'s' is a string, expected float"))
    #expect(errorText { _ = try scale(x, named: ["t": 1]) }.contains("no parameter 't'"))
  }

  @Test("CO-01: a name is taken once, and the message names both places")
  func taken() throws {
    let scale = try Registration.scale()
    let text = errorText {
      try OperatorRegistry.register("\(scale.name)(Tensor x) -> Tensor") { _ in [] }
    }
    #expect(text.contains("CustomOperatorCallTests.swift"))
    #expect(text.contains("is already registered at"))
  }

  @Test("CO-01: an unknown name gets a suggestion")
  func unknown() throws {
    let scale = try Registration.scale()
    let text = errorText { _ = try OperatorRegistry.call("\(scale.name)x", []) }
    #expect(text.contains("did you mean '\(scale.name)'?"))
  }

  @Test("CO-02: a derivative may be registered after calls, and replaced")
  func swapping() throws {
    let scale = try Registration.scale()
    let x = try leaf(1, 2)
    #expect(errorKind { _ = try scale(.tensor(x)) } == .notImplemented)
    #expect(try scale(.tensor(x.detach()))[0].requiresGrad == false)
    for factor in [2.0, 5.0] {
      try scale.custom.setDerivative { _, gradients in
        ["x": .tensor(try gradients[0].tensor() * factor)]
      }
      let y = try scale(.tensor(x))[0]
      #expect(try gradients(of: [y.sum()], withRespectTo: [x])[0]?.doubles() == [factor, factor])
    }
    scale.custom.removeDerivative()
    #expect(errorKind { _ = try scale(.tensor(x)) } == .notImplemented)
  }

  @Test(
    "CO-03, CO-03b: without a derivative the forward call refuses, and says how to register one")
  func refusal() throws {
    let scale = try Registration.scale()
    let x = try leaf(1, 2)
    let text = errorText { _ = try scale(.tensor(x)) }
    #expect(text.hasPrefix("\(scale.name): 'x' requires a gradient"))
    #expect(text.contains("setDerivative") && text.contains("noGrad"))
    #expect(try noGrad { try scale(.tensor(x)) }[0].doubles() == [2, 4])
    #expect(try scale(.tensor(constant(1)))[0].doubles() == [2])
  }

  @Test("CO-03: a tensor within a list counts")
  func refusalInLists() throws {
    let join = try Registration("NAME(Tensor?[] parts) -> Tensor") { inputs in
      [.tensor(try inputs.value("parts").tensors[0].clone())]
    }
    let x = try leaf(1)
    #expect(
      errorKind { _ = try join([.tensor(constant(1)), nil, .tensor(x)]) } == .notImplemented)
  }

  @Test("CO-03: a tangent without a forward function refuses")
  func refusalOfTangents() throws {
    let scale = try Registration.scale()
    let kind = errorKind {
      _ = try jvp({ try scale(.tensor($0[0]))[0] }, primals: [constant(1)], tangents: [constant(1)])
    }
    #expect(kind == .notImplemented)
  }

  @Test("CO-04: one of save and backward without the other is an error that says where it is")
  func bothOrNeither() throws {
    let scale = try Registration.scale()
    let x = OperatorArgument.tensor(constant(1))
    try scale.custom.setBackward { _, _ in ["x": nil] }
    let line = #line - 1
    let text = errorText { _ = try scale(x) }
    #expect(text.contains("the save function is missing"))
    #expect(text.contains("CustomOperatorCallTests.swift:\(line)"))
    try scale.custom.setSave { _, _ in nil }
    #expect(try scale(x)[0].doubles() == [2])
    scale.custom.removeDerivative()
    try scale.custom.setSave { _, _ in nil }
    #expect(errorText { _ = try scale(x) }.contains("the backward function is missing"))
  }

  @Test(
    "CO-12: schemas with mutation, aliases, no or other results are refused, with place and column")
  func schemas() {
    for (schema, problem) in [
      ("t::a(Tensor(a!) x) -> Tensor", "character 12: a registered operator is purely functional"),
      ("t::a(Tensor x) -> Tensor(a)", "purely functional"),
      ("t::a(Tensor x) -> ()", "at least one"),
      ("t::a(Tensor x)", "character 15: expected '->'"), ("t::a(Tensor x) -> str", "a result is"),
      ("t::a(Tensor x) -> int[]", "a result is"), ("scale(Tensor x) -> Tensor", "expected '::'"),
      ("t::a(Tenso x) -> Tensor", "unknown type 'Tenso'"),
      ("t::(int n) -> Tensor", "operator name"),
      ("t::a(int n, int n) -> Tensor", "a second argument 'n'"),
      ("t::a(int n=1, int m) -> Tensor", "without a default follows"),
      ("t::a(int n=1.5) -> Tensor", "default of 'n' is not of type int"),
      ("t::a(int n -> Tensor", "expected ')'"), ("t::a(int n) -> Tensor x y", "the end"),
    ] {
      let text = errorText { try OperatorRegistry.register(schema) { _ in [] } }
      #expect(text.contains(problem), "\(schema): \(text)")
      #expect(text.hasPrefix("SounderAutogradTests/CustomOperatorCallTests.swift:"))
    }
  }

  @Test("CO-12: numbers, lists and several results are allowed, and checked")
  func results() throws {
    let stats = try Registration(
      "NAME(Tensor x, *, int[2] k=1, str mode='sum', ScalarType t=float32) -> "
        + "(Tensor a, Tensor[] parts, int n, float m)"
    ) { inputs in
      let x = try inputs.tensor("x")
      #expect(try inputs.ints("k") == [1, 1] && inputs.string("mode") == "sum")
      return [.tensor(x.clone()), [.tensor(x.clone())], 3, 0.5]
    }
    let values = try stats(.tensor(constant(1)))
    #expect(values.map { $0.doubles() } == [[1], [1], [3], [0.5]])
    guard case .scalar(.int(3)) = try stats.custom([.tensor(constant(1))])[2] else {
      Issue.record("a number stays a number")
      return
    }
    let short = try Registration("NAME(Tensor x) -> (Tensor, Tensor)") { _ in [1] }
    #expect(errorText { _ = try short(.tensor(constant(1))) }.contains("returned 1 results"))
    let wrong = try Registration("NAME(Tensor x) -> Tensor") { _ in [1] }
    #expect(errorText { _ = try wrong(.tensor(constant(1))) }.contains("is an integer, expected"))
  }

  @Test("CO-13: the arguments of all calls share one schema")
  func namedArguments() throws {
    let scale = try Registration("NAME(Tensor x, float s=2) -> Tensor") { inputs in
      #expect(errorText { _ = try inputs.tensor("y") }.contains("no argument 'y'"))
      #expect(errorText { _ = try inputs.int("s") }.contains("'s' is a real number, not Int"))
      return [.tensor(try inputs.tensor("x").clone())]
    }
    #expect(try scale(.tensor(constant(1)), 2.5).count == 1)
  }

  @Test("CO-14: an operator made of others has their derivatives and takes none")
  func composite() throws {
    let square = try Registration("NAME(Tensor x) -> Tensor", isComposite: true) { inputs in
      let x = try inputs.tensor("x")
      return [.tensor(x * x)]
    }
    let x = try leaf(3)
    #expect(
      try gradients(of: [square(.tensor(x))[0]], withRespectTo: [x])[0]?.doubles() == [6])
    let text = errorText { try square.custom.setDerivative { _, _ in [:] } }
    #expect(text.contains("is composite (registered at "))
  }
}
