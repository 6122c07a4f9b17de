import SounderArray

/// The arguments of one call of a registered operator, by the names in its schema.
public struct NamedArguments: Sendable {
  let schema: OperatorSchema
  /// The values in the order of the schema, defaults filled in.
  public let values: [OperatorArgument]

  /// A value by name.
  /// - Throws: ``OperatorError`` if the schema has no such argument.
  public func value(_ name: String) throws -> OperatorArgument {
    guard let index = schema.parameters.firstIndex(where: { $0.name == name }) else {
      throw OperatorError("\(schema.fullName): no argument '\(name)' (\(schema.text))")
    }
    return values[index]
  }

  /// A tensor.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func tensor(_ name: String) throws -> Tensor { try read(name) }
  /// A tensor, or nil if none was given.
  /// - Throws: ``OperatorError`` if the argument is something else.
  public func optionalTensor(_ name: String) throws -> Tensor? { try read(name) }
  /// A list of tensors.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func tensors(_ name: String) throws -> [Tensor] { try read(name) }
  /// A real number.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func double(_ name: String) throws -> Double { try read(name) }
  /// An integer.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func int(_ name: String) throws -> Int { try read(name) }
  /// A list of integers.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func ints(_ name: String) throws -> [Int] { try read(name) }
  /// A truth value.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func bool(_ name: String) throws -> Bool { try read(name) }
  /// A text.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func string(_ name: String) throws -> String { try read(name) }
  /// A number of any kind.
  /// - Throws: ``OperatorError`` if the argument is none.
  public func scalar(_ name: String) throws -> Scalar { try read(name) }

  private func read<Value: OperatorValue>(_ name: String) throws -> Value {
    let argument = try value(name)
    guard let value = Value.value(of: argument) else {
      throw OperatorError("\(schema.fullName): '\(name)' is \(argument.kind), not \(Value.self)")
    }
    return value
  }
}

extension OperatorArgument {
  /// The tensors in the value, those of lists one after the other.
  var tensors: [Tensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .list(let elements): elements.flatMap(\.tensors)
    default: []
    }
  }
}
