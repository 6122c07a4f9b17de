import SounderArray

/// A value passed to an operator that is called by name.
public indirect enum OperatorArgument: Sendable {
  /// No value, for an optional parameter.
  case absent
  /// A tensor.
  case tensor(Tensor)
  /// A number or a truth value.
  case scalar(Scalar)
  /// A name, such as that of a reduction.
  case string(String)
  /// An element type.
  case dtype(DType)
  /// A stream of random numbers.
  case stream(RandomStream)
  /// A list of tensors or of numbers.
  case list([OperatorArgument])
  /// A range of indices, as a subscript takes it.
  case slice(start: Int?, stop: Int?, step: Int?)
  /// All dimensions that a subscript does not name.
  case ellipsis

  /// What the value is, for messages.
  var kind: String {
    switch self {
    case .absent: "nil"
    case .tensor: "a tensor"
    case .scalar(.bool): "a truth value"
    case .scalar(.int): "an integer"
    case .scalar(.float): "a real number"
    case .scalar(.complex): "a complex number"
    case .string: "a string"
    case .dtype: "an element type"
    case .stream: "a random stream"
    case .list: "a list"
    case .slice: "a slice"
    case .ellipsis: "an ellipsis"
    }
  }
}

extension OperatorArgument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByNilLiteral
{
  /// An integer.
  public init(integerLiteral value: Int) { self = .scalar(.int(value)) }
  /// A real number.
  public init(floatLiteral value: Double) { self = .scalar(.float(value)) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .scalar(.bool(value)) }
  /// A name.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A list.
  public init(arrayLiteral elements: OperatorArgument...) { self = .list(elements) }
  /// No value.
  public init(nilLiteral: ()) { self = .absent }
}
