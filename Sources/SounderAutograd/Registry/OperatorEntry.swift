/// What the program knows of one operator.
public struct OperatorEntry: Sendable {
  /// The name without overload: `mul`, `mul_`.
  public let name: String
  /// The name of the overload; empty if there is one only.
  public let overload: String
  /// The declaration, as derivatives.yaml has it.
  public let schema: String
  /// What the operator does.
  public let documentation: String
  /// The parameters, in the order of a call.
  public let parameters: [OperatorParameter]
  /// What the graph node keeps for the backward pass.
  public let savedValues: [String]
  /// Whether the operator has a node with reverse formulas of its own.
  public let hasReverse: Bool
  /// Whether the operator has a forward-mode formula of its own.
  public let hasForward: Bool
  /// Whether the operator is made of others, which have the derivatives.
  public let isComposite: Bool
  /// Whether the operator writes into its first argument.
  public let isInPlace: Bool
  /// Whether the result shares memory with the first argument.
  public let isView: Bool
  /// Whether each result can have a gradient.
  public let differentiableOutputs: [Bool]
  /// Arguments for tests.
  public let samples: [OperatorSample]
  /// Calls the operator with a value for every parameter.
  public let call: @Sendable ([OperatorArgument]) throws -> [Tensor]

  /// The name with overload: `mul.Tensor`.
  public var fullName: String { overload.isEmpty ? name : "\(name).\(overload)" }

  /// Whether the operator writes its result into an argument `out`.
  public var isOut: Bool { parameters.last?.name == "out" }

  /// Calls the operator, with defaults for what is not given.
  /// - Parameters:
  ///   - arguments: Positional arguments.
  ///   - named: Arguments by name.
  /// - Throws: ``OperatorError`` if the arguments don't fit the schema; what the operator throws.
  public func callAsFunction(
    _ arguments: [OperatorArgument], named: [String: OperatorArgument] = [:]
  ) throws -> [Tensor] {
    let requiresGradient = try requiresGradient(named)
    let results = try call(try completed(arguments, named))
    if requiresGradient { for result in results { try result.requiresGrad() } }
    return results
  }

  /// Whether the arguments fit the schema.
  func accepts(_ arguments: [OperatorArgument], _ named: [String: OperatorArgument]) -> Bool {
    (try? completed(arguments, named)) != nil
  }

  /// A value for every parameter: the given arguments and the defaults of the others.
  /// - Throws: ``OperatorError`` if the arguments don't fit the schema.
  public func completed(
    _ arguments: [OperatorArgument], _ named: [String: OperatorArgument]
  ) throws -> [OperatorArgument] {
    let arguments = gathered(arguments)
    guard arguments.count <= parameters.count else {
      throw OperatorError(
        "\(fullName): \(arguments.count) arguments for \(parameters.count) parameters (\(schema))")
    }
    for name in named.keys.sorted() where !isFactoryOption(name) {
      guard let index = parameters.firstIndex(where: { $0.name == name }) else {
        throw OperatorError("\(fullName): no parameter '\(name)' (\(schema))")
      }
      if index < arguments.count {
        throw OperatorError("\(fullName): '\(name)' is given by position and by name (\(schema))")
      }
    }
    return try parameters.enumerated().map { index, parameter in
      let given = index < arguments.count ? arguments[index] : named[parameter.name]
      guard let argument = given ?? parameter.defaultValue else {
        throw OperatorError("\(fullName): argument '\(parameter.name)' is missing (\(schema))")
      }
      let completed = parameter.completed(argument)
      guard parameter.accepts(completed) else {
        throw OperatorError(
          "\(fullName): '\(parameter.name)' is \(argument.kind), expected \(parameter.type) (\(schema))"
        )
      }
      return completed
    }
  }

  /// The arguments with the numbers at their end as the list that the last parameter takes:
  /// `view(2, 3)` for `view([2, 3])`.
  private func gathered(_ arguments: [OperatorArgument]) -> [OperatorArgument] {
    guard let last = parameters.last, last.isList, last.kind == .int, last.length == nil,
      arguments.count > parameters.count
    else { return arguments }
    let first = parameters.count - 1
    return arguments[..<first] + [.list(Array(arguments[first...]))]
  }

  /// Whether a keyword is one that every operator which creates tensors takes.
  private func isFactoryOption(_ name: String) -> Bool {
    createsTensors && (name == "device" || name == "requires_grad")
  }

  /// Whether the operator makes a tensor from nothing but its description.
  private var createsTensors: Bool {
    parameters.contains { $0.name == "dtype" } && !parameters.contains(where: \.isDifferentiable)
      && !isInPlace
  }

  /// The value of `requires_grad`, after a check of the options of operators that create tensors.
  private func requiresGradient(_ named: [String: OperatorArgument]) throws -> Bool {
    guard createsTensors else { return false }
    if let device = named["device"] {
      guard case .string("cpu") = device else {
        if case .absent = device { return false }
        throw OperatorError("\(fullName): the only device is 'cpu'")
      }
    }
    guard let flag = named["requires_grad"] else { return false }
    guard case .scalar(.bool(let value)) = flag else {
      throw OperatorError("\(fullName): 'requires_grad' is \(flag.kind), expected bool")
    }
    return value
  }
}
