import SounderArray

extension Tensor {
  /// The sum, element by element, with broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.add(b) }
  /// The sum with a number.
  public static func + (a: Tensor, b: Scalar) -> Tensor { a.add(b) }
  /// The sum with a number.
  public static func + (a: Scalar, b: Tensor) -> Tensor { b.add(a) }
  /// The sum with a number.
  @_disfavoredOverload
  public static func + (a: Tensor, b: Double) -> Tensor { a.add(.float(b)) }
  /// The sum with a number.
  @_disfavoredOverload
  public static func + (a: Double, b: Tensor) -> Tensor { b.add(.float(a)) }

  /// The difference, element by element, with broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.sub(b) }
  /// The difference with a number.
  public static func - (a: Tensor, b: Scalar) -> Tensor { a.sub(b) }
  /// The difference of a number and a tensor.
  public static func - (a: Scalar, b: Tensor) -> Tensor { b.rsub(a) }
  /// The difference with a number.
  @_disfavoredOverload
  public static func - (a: Tensor, b: Double) -> Tensor { a.sub(.float(b)) }
  /// The difference of a number and a tensor.
  @_disfavoredOverload
  public static func - (a: Double, b: Tensor) -> Tensor { b.rsub(.float(a)) }

  /// The product, element by element, with broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.mul(b) }
  /// The product with a number.
  public static func * (a: Tensor, b: Scalar) -> Tensor { a.mul(b) }
  /// The product with a number.
  public static func * (a: Scalar, b: Tensor) -> Tensor { b.mul(a) }
  /// The product with a number.
  @_disfavoredOverload
  public static func * (a: Tensor, b: Double) -> Tensor { a.mul(.float(b)) }
  /// The product with a number.
  @_disfavoredOverload
  public static func * (a: Double, b: Tensor) -> Tensor { b.mul(.float(a)) }

  /// The quotient, element by element, with broadcasting.
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.div(b) }
  /// The quotient by a number.
  public static func / (a: Tensor, b: Scalar) -> Tensor { a.div(b) }
  /// A number divided by every element.
  public static func / (a: Scalar, b: Tensor) -> Tensor { b.reciprocal().mul(a) }
  /// The quotient by a number.
  @_disfavoredOverload
  public static func / (a: Tensor, b: Double) -> Tensor { a.div(.float(b)) }
  /// A number divided by every element.
  @_disfavoredOverload
  public static func / (a: Double, b: Tensor) -> Tensor { b.reciprocal().mul(.float(a)) }

  /// The negated elements.
  public static prefix func - (a: Tensor) -> Tensor { a.neg() }
}
