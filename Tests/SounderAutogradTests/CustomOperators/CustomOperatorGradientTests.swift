import Foundation
import SounderArray
import Testing

@testable import SounderAutograd

/// A backward function that breaks a rule, for `(Tensor x, Tensor? y, Tensor[] zs, int n)`.
struct BrokenBackward: CustomTestStringConvertible, Sendable {
  var says: String
  var result: @Sendable (Tensor) -> [String: OperatorGradient]
  var testDescription: String { says }

  static let all = [
    BrokenBackward(says: "no gradient for 'y'") { ["x": .tensor($0), "zs": nil] },
    BrokenBackward(says: "'n', which is no tensor argument (x, y, zs)") { _ in
      ["x": nil, "y": nil, "zs": nil, "n": nil]
    },
    BrokenBackward(says: "'w', which is no tensor argument") { _ in
      ["x": nil, "y": nil, "zs": nil, "w": nil]
    },
    BrokenBackward(says: "a tensor for the list 'zs'") { ["x": nil, "y": nil, "zs": .tensor($0)] },
    BrokenBackward(says: "1 gradients for the 2 tensors of 'zs'") {
      ["x": nil, "y": nil, "zs": .list([$0])]
    },
    BrokenBackward(says: "3 gradients for the 2 tensors of 'zs'") { _ in
      ["x": nil, "y": nil, "zs": [nil, nil, nil]]
    },
    BrokenBackward(says: "a list for the tensor 'x'") { ["x": [$0], "y": nil, "zs": nil] },
    BrokenBackward(says: "'y', which was nil at the call") {
      ["x": nil, "y": .tensor($0), "zs": nil]
    },
    BrokenBackward(says: "element 1 of 'zs', which was nil at the call") {
      ["x": nil, "y": nil, "zs": [nil, $0]]
    },
  ]
}

@Suite("Derivatives of registered operators")
struct CustomOperatorGradientTests {
  /// `x·s` with everything a derivative can have.
  static func scale() throws -> Registration {
    let scale = try Registration("NAME(Tensor x, float s) -> Tensor") { inputs in
      #expect(!isGradientEnabled)
      return [.tensor(try inputs.tensor("x") * inputs.double("s"))]
    }
    try scale.custom.setDerivative(
      save: { inputs, _ in .value(try inputs.double("s")) },
      backward: { saved, gradients in
        ["x": .tensor(try gradients[0].tensor() * saved.value(as: Double.self))]
      },
      forward: { inputs, tangents, _ in
        let tangent = try #require(tangents["x"]).tensor()
        return [.tensor(tangent * (try inputs.double("s")))]
      })
    return scale
  }

  /// `x·y` and its square, saving inputs and the first result.
  static func product() throws -> Registration {
    let product = try Registration("NAME(Tensor x, Tensor y) -> (Tensor, Tensor)") { inputs in
      let result = try inputs.tensor("x") * inputs.tensor("y")
      return [.tensor(result), .tensor(result * result)]
    }
    try product.custom.setDerivative(
      save: { inputs, outputs in
        [
          "factors": [.tensor(try inputs.tensor("x")), .tensor(try inputs.tensor("y"))],
          "product": .tensor(outputs[0].tensors[0]), "note": .list([.value("s"), nil]),
        ]
      },
      backward: { saved, gradients in
        let factors = try saved.member("factors").list().map { try $0.tensor() }
        #expect(try saved.member("note").list()[0].value(as: String.self) == "s")
        let total =
          try gradients[0].tensor() + gradients[1].tensor() * saved.member("product").tensor() * 2
        return ["x": .tensor(total * factors[1]), "y": .tensor(total * factors[0])]
      },
      forward: { inputs, tangents, outputs in
        let (x, y) = (try inputs.tensor("x"), try inputs.tensor("y"))
        let (dx, dy) = (try #require(tangents["x"]).tensor(), try #require(tangents["y"]).tensor())
        let tangent = dx * y + dy * x
        return [.tensor(tangent), .tensor(tangent * outputs[0].tensors[0] * 2)]
      })
    return product
  }

  @Test("CO-05: gradients reach tensors and lists of tensors, and the node has the operator's name")
  func lists() throws {
    let sum = try Registration("NAME(Tensor x, Tensor[] ys, int n) -> Tensor[]") { inputs in
      let x = try inputs.tensor("x")
      return [.list(try inputs.tensors("ys").map { .tensor(x + $0) })]
    }
    try sum.custom.setDerivative { _, gradients in
      let parts = try gradients[0].list().map { try #require($0) }
      return ["x": .tensor(parts[0] + parts[1]), "ys": .list(parts)]
    }
    let (x, y1, y2) = (try leaf(1, 2), try leaf(3, 4), try leaf(5, 6))
    let results = try sum(.tensor(x), [.tensor(y1), .tensor(y2)], 7)
    #expect(results.map { $0.doubles() } == [[4, 6], [6, 8]])
    #expect(results[0].gradFn?.name == "\(sum.name)Backward")
    try (results[0].sum() + results[1].sum() * 10).backward()
    #expect(x.grad?.doubles() == [11, 11])
    #expect(y1.grad?.doubles() == [1, 1] && y2.grad?.doubles() == [10, 10])
  }

  @Test("CO-05, CO-08: a result that nothing depends on has a gradient of zeros")
  func materialized() throws {
    let product = try Self.product()
    let (x, y) = (try leaf(2), try leaf(5))
    let first = try product(.tensor(x), .tensor(y))
    try first[0].backward()
    #expect(x.grad?.doubles() == [5] && y.grad?.doubles() == [2])
    let second = try product(.tensor(x), .tensor(y))
    #expect(
      try gradients(of: second, withRespectTo: [x], gradOutputs: [constant(1), constant(1)])[0]?
        .doubles() == [5 + 2 * 10 * 5])
  }

  @Test("CO-06: the save function sees the arguments by name, and the value arrives")
  func savedNumbers() throws {
    let scale = try Self.scale()
    let x = try leaf(1, 2)
    let y = try scale(.tensor(x), 3)[0]
    #expect(try gradients(of: [y.sum()], withRespectTo: [x])[0]?.doubles() == [3, 3])
  }

  @Test("CO-07: saved tensors are checked for changes, dropped after use, and free with the graph")
  func savedTensors() throws {
    let product = try Self.product()
    let (x, y) = (try leaf(2), try leaf(5))
    let scaled = x * 1
    let modified = try product(.tensor(scaled), .tensor(y))[0]
    try noGrad { _ = try scaled.detach().mul_(2) }
    #expect(errorKind { try modified.backward() } == .savedTensorModified)

    let twice = try product(.tensor(x), .tensor(y))[0]
    try twice.backward()
    #expect(errorKind { try twice.backward() } == .backwardTwice)

    weak var node: Node?
    do {
      let result = try product(.tensor(x), .tensor(y))[0]
      node = result.gradFn
      #expect(node != nil)
    }
    #expect(node == nil, "a saved result must not own its node")
  }

  @Test(
    "CO-09: a backward function that breaks a rule is named with its place",
    arguments: BrokenBackward.all)
  func brokenBackward(broken: BrokenBackward) throws {
    let custom = try Registration("NAME(Tensor x, Tensor? y, Tensor?[] zs, int n) -> Tensor") {
      [.tensor(try $0.tensor("x") * 2)]
    }
    let line = #line + 1
    try custom.custom.setDerivative { _, gradients in
      broken.result(try gradients[0].tensor())
    }
    let x = try leaf(1)
    let y = try custom(.tensor(x), nil, [.tensor(x), nil], 1)[0]
    let text = errorText { try y.backward() }
    #expect(text.hasPrefix("\(custom.name): the backward function ("))
    #expect(text.contains("CustomOperatorGradientTests.swift:\(line)"))
    #expect(text.contains(broken.says), "\(text)")
  }

  @Test("CO-09: nil is a gradient for any tensor argument")
  func nilGradients() throws {
    let custom = try Registration("NAME(Tensor x, Tensor[] ys) -> Tensor") {
      [.tensor(try $0.tensor("x") * 2)]
    }
    try custom.custom.setDerivative { _, _ in ["x": nil, "ys": nil] }
    let x = try leaf(1)
    let y = try custom(.tensor(x), [.tensor(x)])[0]
    #expect(try gradients(of: [y], withRespectTo: [x], allowUnused: true)[0] == nil)
  }

  @Test("CO-10: gradients follow the schema's order, lists spliced, numbers without")
  func flattening() throws {
    let custom = try Registration(
      "NAME(int n, Tensor[] xs, float a, Tensor? y, Tensor z) -> Tensor"
    ) {
      [.tensor(try $0.tensor("z").clone())]
    }
    try custom.custom.setDerivative { _, gradients in
      let grad = try gradients[0].tensor()
      return ["xs": [grad, grad * 2], "y": .tensor(grad * 3), "z": .tensor(grad * 4)]
    }
    let leaves = try (0..<4).map { try leaf(Double($0)) }
    let arguments = leaves.map { OperatorArgument.tensor($0) }
    let result = try custom(1, [arguments[0], arguments[1]], 0.5, arguments[2], arguments[3])[0]
    #expect(result.gradFn?.nextFunctions.count == 4)
    let found = try gradients(of: [result], withRespectTo: leaves)
    #expect(found.compactMap { $0?.item() } == [1, 2, 3, 4])
  }

  @Test(
    "CO-11: a result that is declared without a gradient has none, and backward gets zeros for it")
  func differentiability() throws {
    let custom = try Registration("NAME(Tensor x) -> (Tensor, Tensor, int)") { inputs in
      let x = try inputs.tensor("x")
      return [.tensor(x * 2), .tensor(x * 3), 1]
    }
    let backward: CustomOperator.Backward = { _, gradients in
      #expect(try gradients[1].tensor().doubles() == [0])
      return ["x": .tensor(try gradients[0].tensor() * 2)]
    }
    for flags in [[true], [true, false]] {
      #expect(
        errorText {
          try custom.custom.setDerivative(differentiableOutputs: flags, backward: backward)
        }.contains("has 3 results, differentiableOutputs has \(flags.count) entries"))
    }
    let x = try leaf(1)
    try custom.custom.setDerivative(
      differentiableOutputs: [true, false, false], backward: backward)
    let results = try custom(.tensor(x))
    #expect(results.map(\.requiresGrad) == [true, false, false])
    try results[0].backward()
    #expect(x.grad?.doubles() == [2])
    try custom.custom.setDerivative(differentiableOutputs: [true, false, true], backward: backward)
    #expect(
      errorText { _ = try custom(.tensor(x)) }.contains("result 2 is an integer and cannot be"))
  }

  @Test("CO-11: a list of results is declared as one")
  func differentiableLists() throws {
    let custom = try Registration("NAME(Tensor x) -> (Tensor, Tensor[])") { inputs in
      let x = try inputs.tensor("x")
      return [.tensor(x * 2), [.tensor(x * 3), .tensor(x * 4)]]
    }
    try custom.custom.setDerivative(differentiableOutputs: [true, false]) { _, gradients in
      ["x": .tensor(try gradients[0].tensor() * 2)]
    }
    #expect(try custom(.tensor(leaf(1))).map(\.requiresGrad) == [true, false, false])
  }

  @Test("Derivatives of registered operators agree with differences, to second order and forward")
  func derivatives() throws {
    let product = try Self.product()
    for output in 0..<2 {
      let report = try checkGradients(
        of: { try product(.tensor($0[0]), .tensor($0[1]))[output] },
        at: [constant(0.5, -1.5), constant(2, 0.25)])
      #expect(report.comparisons.count == 4)
    }
  }

  @Test("A forward function whose tangents don't fit is named with its place")
  func brokenForward() throws {
    let scale = try Self.scale()
    let x = constant(1, 2)
    for (result, says) in [
      ([], "0 tangents for 1 results"), ([OperatorGradient.tensor(constant(1))], "of shape [1]"),
      ([[x, x]], "2 tangents for the 1 tensors of result 0"),
    ] {
      try scale.custom.setForward { _, _, _ in result }
      let text = errorText {
        _ = try jvp({ try scale(.tensor($0[0]), 2)[0] }, primals: [x], tangents: [x])
      }
      #expect(text.contains(says) && text.contains("CustomOperatorGradientTests.swift"), "\(text)")
    }
  }

  @Test("A kernel that returns its argument leaves that one's history alone")
  func identity() throws {
    let identity = try Registration("NAME(Tensor x) -> Tensor") { [try $0.value("x")] }
    try identity.custom.setDerivative { _, gradients in ["x": gradients[0]] }
    let x = try leaf(1)
    let y = try identity(.tensor(x))[0]
    #expect(x.isLeaf && y !== x)
    try (y * 3).backward()
    #expect(x.grad?.doubles() == [3])
  }
}

@Suite("Registered operators on several threads")
struct ConcurrentCustomOperatorTests {
  @Test("Registering, replacing and calling from many threads is safe")
  func threads() throws {
    let scale = try CustomOperatorGradientTests.scale()
    let failures = Counter()
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      do {
        for _ in 0..<50 {
          let own = try Registration.scale()
          let x = try leaf(Double(index))
          let y = try scale(.tensor(x), 3)[0]
          try y.backward()
          if x.grad?.item() != 3 || OperatorRegistry.customOperator(own.name) == nil {
            _ = failures.next()
          }
          if index == 0 {
            try scale.custom.setForward { _, tangents, _ in
              [.tensor(try #require(tangents["x"]).tensor() * 3)]
            }
          }
        }
      } catch { _ = failures.next() }
    }
    #expect(failures.next() == 1)
  }
}
