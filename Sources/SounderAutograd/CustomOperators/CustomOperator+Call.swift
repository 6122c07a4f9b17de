import CKernels
import SounderArray
import SounderTrace

extension CustomOperator {
  /// Calls the operator with a value for every parameter.
  /// - Returns: One value for each result of the schema.
  /// - Throws: ``AutogradError`` `.notImplemented` if a derivative is needed and not registered;
  ///   ``OperatorError`` for results that don't fit the schema; what the functions throw.
  func run(_ arguments: [OperatorArgument]) throws -> [OperatorArgument] {
    let inputs = NamedArguments(schema: schema, values: arguments)
    if isComposite { return try checked(kernel(inputs)) }
    let formula = formula
    let reverse = try formula.reverse(of: name)
    let tensors = arguments.flatMap(\.tensors)
    let isRecorded = Modes.recording && tensors.contains(where: \.requiresGrad)
    let hasTangents = Modes.forward && tensors.contains { $0.tangent != nil }
    if isRecorded && reverse == nil { throw missing("reverse", "setDerivative", inputs) }
    if hasTangents && formula.forward == nil { throw missing("forward", "setForward", inputs) }

    let begun = Trace.beginOperator()
    let (outputs, saved) = try belowAutograd {
      let outputs = try checked(kernel(inputs)).map(fresh)
      let saved = isRecorded ? try reverse?.save(inputs, outputs) : nil
      return (outputs, saved)
    }
    let flags = try differentiability(of: outputs, formula)
    if isRecorded, let reverse {
      let node = CustomOperatorNode(self, inputs, reverse.backward)
      node.attach(outputs, flags)
      node.keep(saved ?? nil, outputs: outputs.flatMap(\.tensors))
    }
    if begun != 0 {
      let result = outputs.first?.tensors.first
      recordOperator(EventName(interning: name), begun, isRecorded ? result?.node : nil, result)
    }
    if hasTangents, let forward = formula.forward {
      try push(inputs, outputs, flags, forward)
    }
    return outputs
  }

  private func belowAutograd<Result>(_ body: () throws -> Result) throws -> Result {
    let modes = Modes.suspendForward()
    defer { Modes.restore(modes) }
    return try noGrad(body)
  }

  private func missing(
    _ mode: String, _ function: String, _ inputs: NamedArguments
  ) -> AutogradError {
    let concerned = zip(schema.parameters, inputs.values).first { _, value in
      value.tensors.contains { mode == "reverse" ? $0.requiresGrad : $0.tangent != nil }
    }
    let reason = mode == "reverse" ? "requires a gradient" : "has a tangent"
    return AutogradError(
      .notImplemented,
      "\(name): '\(concerned?.0.name ?? "an argument")' \(reason), but the operator (registered at "
        + "\(place)) has no \(mode)-mode derivative; register one with \(function), or call it "
        + (mode == "reverse" ? "inside noGrad" : "outside forward mode"))
  }

  /// Results in their own tensor objects, so that one which is an argument keeps that one's history.
  private func fresh(_ value: OperatorArgument) -> OperatorArgument {
    switch value {
    case .tensor(let tensor): .tensor(Tensor(tensor.array))
    case .list(let elements): .list(elements.map(fresh))
    default: value
    }
  }

  private func checked(_ outputs: [OperatorArgument]) throws -> [OperatorArgument] {
    guard outputs.count == schema.results.count else {
      throw OperatorError(
        "\(name): the kernel (\(place)) returned \(outputs.count) results, the schema has "
          + "\(schema.results.count) (\(schema.text))")
    }
    for (index, result) in schema.results.enumerated() where !result.accepts(outputs[index]) {
      throw OperatorError(
        "\(name): result \(index) of the kernel (\(place)) is \(outputs[index].kind), expected "
          + "\(result.type) (\(schema.text))")
    }
    return outputs
  }

  /// Whether each result can have a gradient.
  private func differentiability(
    of outputs: [OperatorArgument], _ formula: CustomOperatorFormula
  ) throws -> [Bool] {
    guard let flags = formula.differentiableOutputs else { return schema.results.map(\.isTensor) }
    for (index, result) in schema.results.enumerated() where flags[index] && !result.isTensor {
      throw OperatorError(
        "\(name): result \(index) is \(outputs[index].kind) and cannot be differentiable"
          + (formula.backward.map { " (\($0.place))" } ?? ""))
    }
    return flags
  }

  /// Gives the results their tangents.
  private func push(
    _ inputs: NamedArguments, _ outputs: [OperatorArgument], _ flags: [Bool],
    _ forward: CustomOperatorFormula.Part<Forward>
  ) throws {
    let modes = Modes.suspendForward()
    defer { Modes.restore(modes) }
    var tangents: [String: OperatorGradient] = [:]
    for (parameter, value) in zip(schema.parameters, inputs.values) where parameter.kind == .tensor
    {
      tangents[parameter.name] =
        switch value {
        case .tensor(let tensor) where tensor.dtype.isDifferentiable: .tensor(tensor.tangentOrZero)
        case .list(let elements):
          .list(elements.map { $0.tensors.first?.differentiableTangent })
        default: .absent
        }
    }
    let results = try forward.function(inputs, tangents, outputs)
    func mistake(_ problem: String) -> OperatorError {
      OperatorError("\(name): the forward function (\(forward.place)) \(problem)")
    }
    guard results.count == outputs.count else {
      throw mistake("returned \(results.count) tangents for \(outputs.count) results")
    }
    for (index, (result, output)) in zip(results, outputs).enumerated() {
      let targets = output.tensors
      let parts: [Tensor?] =
        switch result {
        case .absent: []
        case .tensor(let tensor): [tensor]
        case .list(let list): list
        }
      if !flags[index] || targets.isEmpty {
        guard parts.allSatisfy({ $0 == nil }) else {
          throw mistake("returned a tangent for result \(index), which has none")
        }
        continue
      }
      guard parts.isEmpty || parts.count == targets.count else {
        throw mistake(
          "returned \(parts.count) tangents for the \(targets.count) tensors of result \(index)")
      }
      for (target, part) in zip(targets, parts) where target.dtype.isDifferentiable {
        guard let part else { continue }
        guard part.shape == target.shape else {
          throw mistake(
            "returned a tangent of shape \(part.shape) for result \(index) of shape \(target.shape)"
          )
        }
        target.addTangent(part)
      }
    }
  }
}

extension Tensor {
  /// The tangent or zeros; nil for types that have none.
  fileprivate var differentiableTangent: Tensor? { dtype.isDifferentiable ? tangentOrZero : nil }
}
