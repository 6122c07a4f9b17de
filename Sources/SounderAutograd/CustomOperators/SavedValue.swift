/// What a registered operator keeps for its backward function.
///
/// Tensors anywhere in the value are kept like those of every operator: changing one in place before the
/// backward pass is an error, and they are dropped when the graph was used. All else is kept as it is.
///
/// ```swift
/// ["x": .tensor(x), "sizes": .list([.value(3), .value(4)])]
/// ```
public indirect enum SavedValue: Sendable {
  /// Nothing.
  case absent
  /// A tensor.
  case tensor(Tensor)
  /// Values in order.
  case list([SavedValue])
  /// Values by name.
  case dictionary([String: SavedValue])
  /// Anything else.
  case value(any Sendable)

  /// A value by name.
  /// - Throws: ``OperatorError`` if there is none.
  public func member(_ name: String) throws -> SavedValue {
    guard case .dictionary(let members) = self, let value = members[name] else {
      throw OperatorError("no saved value '\(name)'")
    }
    return value
  }

  /// The tensor.
  /// - Throws: ``OperatorError`` if the value is none.
  public func tensor() throws -> Tensor {
    guard case .tensor(let tensor) = self else {
      throw OperatorError("the saved value is no tensor")
    }
    return tensor
  }

  /// The values of a list.
  /// - Throws: ``OperatorError`` if the value is none.
  public func list() throws -> [SavedValue] {
    guard case .list(let list) = self else { throw OperatorError("the saved value is no list") }
    return list
  }

  /// The value that is no tensor.
  /// - Throws: ``OperatorError`` if it is of another type.
  public func value<Value>(as type: Value.Type = Value.self) throws -> Value {
    guard case .value(let value) = self, let value = value as? Value else {
      throw OperatorError("the saved value is no \(type)")
    }
    return value
  }
}

extension SavedValue: ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// Nothing.
  public init(nilLiteral: ()) { self = .absent }
  /// Values in order.
  public init(arrayLiteral elements: SavedValue...) { self = .list(elements) }
  /// Values by name.
  public init(dictionaryLiteral elements: (String, SavedValue)...) {
    self = .dictionary(Dictionary(elements, uniquingKeysWith: { _, last in last }))
  }
}

extension SavedValue {
  /// The same structure with every tensor replaced, in an order that depends on the structure only.
  func mapTensors(_ body: (Tensor) throws -> Tensor) rethrows -> SavedValue {
    switch self {
    case .tensor(let tensor): return .tensor(try body(tensor))
    case .list(let elements): return .list(try elements.map { try $0.mapTensors(body) })
    case .dictionary(let members):
      var result = members
      for name in members.keys.sorted() {
        result[name] = try members[name]?.mapTensors(body)
      }
      return .dictionary(result)
    case .absent, .value: return self
    }
  }
}
