import SounderArray
import SounderAutograd

/// Runs one case in this process.
struct CaseRunner {
  let name: String
  let testCase: ConformanceCase

  /// Arguments for one call, and the leaves among them.
  private struct Call {
    var arguments: [OperatorArgument] = []
    var named: [String: OperatorArgument] = [:]
    var leaves: [Tensor] = []
  }

  /// A difference, in words.
  private struct Difference: Error, CustomStringConvertible {
    let description: String
  }

  /// What is wrong, in words; nil if everything agrees.
  func failure(_ kind: CheckKind) -> String? {
    do {
      switch kind {
      case .schema, .registration: break
      case .values: try checkValues()
      case .gradients: try checkGradients()
      case .secondOrder: try checkSecondOrder()
      case .forwardMode: try checkForwardMode()
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func call(_ leaf: (Int, Tensor) throws -> Tensor) throws -> Call {
    var call = Call()
    func make(_ stored: StoredTensor) throws -> Tensor {
      let tensor = Tensor(stored.array.copied())
      guard stored.requiresGrad else { return tensor }
      call.leaves.append(try leaf(call.leaves.count, tensor))
      return call.leaves[call.leaves.count - 1]
    }
    for argument in testCase.arguments { call.arguments.append(try argument.argument(make)) }
    for (name, argument) in testCase.named { call.named[name] = try argument.argument(make) }
    return call
  }

  private func differentiableCall() throws -> Call {
    try call { _, leaf in try leaf.requiresGrad() }
  }

  private func outputs(_ call: Call) throws -> [Tensor] {
    let outputs = try OperatorRegistry.call(name, inOrder(call.arguments), named: call.named)
    guard outputs.count == testCase.outputs.count else {
      throw Difference(
        description: "\(outputs.count) outputs, expected \(testCase.outputs.count)")
    }
    return outputs
  }

  /// The arguments in the order of the function: PyTorch samples `where` as the method
  /// `input.where(condition, other)`.
  private func inOrder(_ arguments: [OperatorArgument]) -> [OperatorArgument] {
    guard name == "where", arguments.count == 3 else { return arguments }
    return [arguments[1], arguments[0], arguments[2]]
  }

  private func checkValues() throws {
    for (index, output) in try outputs(try differentiableCall()).enumerated() {
      let expected = testCase.outputs[index].array
      var difference = Comparison.difference(output.array, expected)
      if difference != nil, SortedOrder.indexOutput(of: name) == index, let input {
        difference = SortedOrder.difference(
          output.array, expected, in: input, along: sortedDimension)
      }
      try expectNone(difference, "output \(index)")
    }
  }

  private func gradients(
    _ call: Call, createGraph: Bool
  ) throws -> [Tensor?] {
    let outputs = try outputs(call)
    let seeded = testCase.cotangents.sorted { $0.key < $1.key }
    for (index, _) in seeded where !outputs[index].requiresGrad {
      throw Difference(description: "output \(index) does not require a gradient")
    }
    return try SounderAutograd.gradients(
      of: seeded.map { outputs[$0.key] }, withRespectTo: call.leaves,
      gradOutputs: seeded.map { Tensor($0.value.array.copied()) }, createGraph: createGraph,
      allowUnused: true)
  }

  private func checkGradients() throws {
    let found = try gradients(try differentiableCall(), createGraph: false)
    try compare(found, testCase.gradients ?? [], "gradient")
  }

  private func checkSecondOrder() throws {
    guard let second = testCase.secondOrder else { return }
    let call = try differentiableCall()
    let first = try gradients(call, createGraph: true)
    // A gradient that depends on nothing contributes zero.
    let live = second.cotangents.sorted { $0.key < $1.key }.compactMap { index, cotangent in
      first[index].flatMap { $0.requiresGrad ? ($0, Tensor(cotangent.array.copied())) : nil }
    }
    let found: [Tensor?] =
      live.isEmpty
      ? call.leaves.map { _ in nil }
      : try SounderAutograd.gradients(
        of: live.map(\.0), withRespectTo: call.leaves, gradOutputs: live.map(\.1),
        allowUnused: true)
    try compare(found, second.gradients, "second-order gradient")
  }

  private func checkForwardMode() throws {
    guard let tangents = testCase.tangents else { return }
    try ForwardMode.level { level in
      let call = try call { index, leaf in
        try level.dual(leaf, tangent: Tensor(tangents[index].array.copied()))
      }
      let outputs = try outputs(call)
      for (index, expected) in testCase.outputTangents.sorted(by: { $0.key < $1.key }) {
        try compare(level.tangent(of: outputs[index]), expected, "tangent of output \(index)")
      }
    }
  }

  private func compare(_ got: [Tensor?], _ expected: [StoredTensor?], _ what: String) throws {
    for (index, pair) in zip(got, expected).enumerated() {
      try compare(pair.0, pair.1, "\(what) \(index)")
    }
  }

  private func compare(_ got: Tensor?, _ expected: StoredTensor?, _ what: String) throws {
    switch (got, expected) {
    case (let got?, let expected?):
      try expectNone(Comparison.difference(got.array, expected.array), what)
    case (let got?, nil):
      try expectNone(Comparison.differenceFromZeros(got.array), "\(what), expected none,")
    case (nil, let expected?):
      if Comparison.differenceFromZeros(expected.array) != nil {
        throw Difference(description: "\(what): there is none, expected \(expected.array)")
      }
    case (nil, nil): break
    }
  }

  private func expectNone(_ difference: String?, _ what: String) throws {
    if let difference { throw Difference(description: "\(what) \(difference)") }
  }

  private var input: NDArray? {
    if case .tensor(let tensor)? = testCase.arguments.first { tensor.array } else { nil }
  }

  /// The dimension that a sorting operator sorts along.
  private var sortedDimension: Int {
    let position = name == "topk" ? 2 : 1
    let given =
      testCase.named.first { $0.name == "dim" }?.value
      ?? (position < testCase.arguments.count ? testCase.arguments[position] : nil)
    if case .value(.scalar(.int(let dim)))? = given { return dim }
    return -1
  }
}
