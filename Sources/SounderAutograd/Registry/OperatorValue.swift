import SounderArray

/// A Swift type that parameters of operators have.
protocol OperatorValue {
  /// The value as this type, or nil if it is of another kind.
  static func value(of argument: OperatorArgument) -> Self?
}

extension Tensor: OperatorValue {
  static func value(of argument: OperatorArgument) -> Tensor? {
    if case .tensor(let value) = argument { value } else { nil }
  }
}

extension Scalar: OperatorValue {
  static func value(of argument: OperatorArgument) -> Scalar? {
    if case .scalar(let value) = argument { value } else { nil }
  }
}

extension Int: OperatorValue {
  static func value(of argument: OperatorArgument) -> Int? {
    if case .scalar(.int(let value)) = argument { value } else { nil }
  }
}

extension Double: OperatorValue {
  static func value(of argument: OperatorArgument) -> Double? {
    switch argument {
    case .scalar(.float(let value)): value
    case .scalar(.int(let value)): Double(value)
    default: nil
    }
  }
}

extension Bool: OperatorValue {
  static func value(of argument: OperatorArgument) -> Bool? {
    if case .scalar(.bool(let value)) = argument { value } else { nil }
  }
}

extension String: OperatorValue {
  static func value(of argument: OperatorArgument) -> String? {
    if case .string(let value) = argument { value } else { nil }
  }
}

extension DType: OperatorValue {
  static func value(of argument: OperatorArgument) -> DType? {
    if case .dtype(let value) = argument { value } else { nil }
  }
}

extension RandomStream: OperatorValue {
  static func value(of argument: OperatorArgument) -> RandomStream? {
    if case .stream(let value) = argument { value } else { nil }
  }
}

extension TensorIndex: OperatorValue {
  static func value(of argument: OperatorArgument) -> TensorIndex? {
    switch argument {
    case .absent: .newAxis
    case .scalar(.int(let index)): .index(index)
    case .scalar(.bool(let mask)): .tensor(Tensor(scalar: .bool(mask), .bool))
    case .slice(let start, let stop, let step): .slice(start: start, stop: stop, step: step ?? 1)
    case .ellipsis: .ellipsis
    case .tensor(let indices): .tensor(indices)
    case .list: indices(argument).map { .tensor($0) }
    default: nil
    }
  }

  /// A list of indices, of truth values, or of such lists of one shape, as a tensor.
  private static func indices(_ argument: OperatorArgument) -> Tensor? {
    if let values = [Int].value(of: argument) { return Tensor(values) }
    if let values = [Bool].value(of: argument) { return Tensor(NDArray(values)) }
    guard case .list(let elements) = argument else { return nil }
    let rows = elements.compactMap(indices)
    guard rows.count == elements.count, rows.allSatisfy({ $0.shape == rows[0].shape }) else {
      return nil
    }
    return Tensor.stack(rows)
  }
}

extension Optional: OperatorValue where Wrapped: OperatorValue {
  static func value(of argument: OperatorArgument) -> Wrapped?? {
    if case .absent = argument { return .some(nil) }
    return Wrapped.value(of: argument).map { .some($0) }
  }
}

extension Array: OperatorValue where Element: OperatorValue {
  static func value(of argument: OperatorArgument) -> [Element]? {
    guard case .list(let elements) = argument else { return nil }
    var result: [Element] = []
    for element in elements {
      guard let value = Element.value(of: element) else { return nil }
      result.append(value)
    }
    return result
  }
}

extension [OperatorArgument] {
  /// The argument at `index` as a Swift value.
  /// - Throws: ``OperatorError`` if there is none or it is of another kind.
  func value<Value: OperatorValue>(_ index: Int, as type: Value.Type) throws -> Value {
    guard indices.contains(index) else {
      throw OperatorError("argument \(index) is missing")
    }
    guard let value = Value.value(of: self[index]) else {
      throw OperatorError("argument \(index) is \(self[index].kind), expected \(type)")
    }
    return value
  }
}
