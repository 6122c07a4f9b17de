/// The gradient, or the tangent, of one argument or result of a registered operator.
public enum OperatorGradient: Sendable {
  /// None: the argument is no tensor, or contributes nothing.
  case absent
  /// That of a tensor.
  case tensor(Tensor)
  /// Those of a list of tensors.
  case list([Tensor?])

  /// The gradient of a tensor.
  /// - Throws: ``OperatorError`` if there is none.
  public func tensor() throws -> Tensor {
    guard case .tensor(let tensor) = self else {
      throw OperatorError("the gradient is \(kind), not a tensor")
    }
    return tensor
  }

  /// The gradients of a list of tensors.
  /// - Throws: ``OperatorError`` if this is none.
  public func list() throws -> [Tensor?] {
    guard case .list(let list) = self else {
      throw OperatorError("the gradient is \(kind), not a list")
    }
    return list
  }

  var kind: String {
    switch self {
    case .absent: "nil"
    case .tensor: "a tensor"
    case .list: "a list"
    }
  }
}

extension OperatorGradient: ExpressibleByNilLiteral, ExpressibleByArrayLiteral {
  /// No gradient.
  public init(nilLiteral: ()) { self = .absent }
  /// The gradients of a list of tensors.
  public init(arrayLiteral elements: Tensor?...) { self = .list(elements) }
}
