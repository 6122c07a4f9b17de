/// A number without a shape: an operand written in the program, or the one element of an array.
///
/// Its category (bool, integer, floating, complex) takes part in type promotion; its width does not.
public enum Scalar: Sendable, Hashable {
  case bool(Bool)
  case int(Int)
  case float(Double)
  case complex(Double, Double)

  /// The value as a real number; the imaginary part is dropped.
  @inlinable public var doubleValue: Double {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): Double(value)
    case .float(let value): value
    case .complex(let real, _): real
    }
  }

  /// The value truncated to an integer.
  @inlinable public var intValue: Int {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): value
    case .float(let value): Int(value)
    case .complex(let real, _): Int(real)
    }
  }

  /// The imaginary part; zero for real numbers.
  @inlinable public var imaginary: Double {
    if case .complex(_, let imaginary) = self { return imaginary }
    return 0
  }
}

extension Scalar: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral
{
  /// A floating-point scalar.
  @inlinable public init(floatLiteral value: Double) { self = .float(value) }
  /// An integer scalar.
  @inlinable public init(integerLiteral value: Int) { self = .int(value) }
  /// A boolean scalar.
  @inlinable public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A floating-point scalar.
  @inlinable public init(_ value: Double) { self = .float(value) }
  /// An integer scalar.
  @inlinable public init(_ value: Int) { self = .int(value) }
}
