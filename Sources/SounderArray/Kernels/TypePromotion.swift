/// An operand as type promotion sees it.
struct PromotionOperand {
  enum Rank { case dimensioned, zeroDimensional, number }
  let dtype: DType
  let rank: Rank

  init(_ array: NDArray) {
    dtype = array.dtype
    rank = array.rank == 0 ? .zeroDimensional : .dimensioned
  }

  init(_ scalar: Scalar) {
    dtype = scalar.defaultDType
    rank = .number
  }
}

extension Scalar {
  /// The type an array made from this number alone has.
  @inlinable public var defaultDType: DType {
    switch self {
    case .bool: .bool
    case .int: .int64
    case .float: .float32
    case .complex: .complex64
    }
  }
}

extension DType {
  /// The smallest type that holds values of both, as in PyTorch: categories first, then widths.
  public func promoted(with other: DType) -> DType {
    if self == other { return self }
    let low = rawValue < other.rawValue ? self : other
    let high = rawValue < other.rawValue ? other : self
    switch (low, high) {
    case (.float16, .bfloat16): return .float32
    case (.float64, .complex64): return .complex128
    default: return high
    }
  }

  /// The complex type whose parts have this type.
  var complexType: DType { self == .float64 || self == .complex128 ? .complex128 : .complex64 }

  /// The type of the real and imaginary parts, or the type itself.
  var realType: DType {
    switch self {
    case .complex64: .float32
    case .complex128: .float64
    default: self
    }
  }

  /// The type in which functions with fractional results compute: float32 for integers and bools.
  @inline(__always)
  var inexact: DType { rawValue < DType.float16.rawValue ? .float32 : self }

  private static func combine(_ higher: DType?, _ lower: DType?) -> DType? {
    guard let higher else { return lower }
    guard let lower else { return higher }
    if higher.isComplex { return higher }
    if higher.isFloatingPoint { return lower.isComplex ? higher.complexType : higher }
    if higher == .bool || lower.isDifferentiable { return higher.promoted(with: lower) }
    return higher
  }

  /// The type of an operation's result for an array and a number.
  @inline(__always)
  static func result(_ array: NDArray, _ number: Scalar) -> DType {
    // The common case, decided without going through the categories.
    if array.dtype.isFloatingPoint, case .float = number { return array.dtype }
    return result(PromotionOperand(array), PromotionOperand(number))
  }

  /// The type of an operation's result.
  ///
  /// Arrays with dimensions decide; zero-dimensional arrays and then numbers count only when their
  /// category (bool, integer, floating, complex) is higher.
  static func result(_ operands: PromotionOperand...) -> DType {
    var byRank: (dimensioned: DType?, zeroDimensional: DType?, number: DType?) = (nil, nil, nil)
    func merge(_ old: DType?, _ new: DType) -> DType { old?.promoted(with: new) ?? new }
    for operand in operands {
      switch operand.rank {
      case .dimensioned: byRank.dimensioned = merge(byRank.dimensioned, operand.dtype)
      case .zeroDimensional: byRank.zeroDimensional = merge(byRank.zeroDimensional, operand.dtype)
      case .number: byRank.number = merge(byRank.number, operand.dtype)
      }
    }
    return combine(byRank.dimensioned, combine(byRank.zeroDimensional, byRank.number)) ?? .float32
  }
}
