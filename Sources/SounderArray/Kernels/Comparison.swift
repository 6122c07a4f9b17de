import CKernels

extension Elementwise {
  static func compare(
    _ op: ck_compare_op, _ a: NDArray, _ b: NDArray, _ name: StaticString
  ) -> NDArray {
    let dtype = DType.result(PromotionOperand(a), PromotionOperand(b))
    guard let loop = ck_compare(op, dtype.rawValue) else { unsupported(name, dtype) }
    let result = NDArray(uninitialized: broadcast(a, b, name: name), .bool)
    run(loop, result, a.cast(to: dtype), b.cast(to: dtype))
    return result
  }

  static func compare(
    _ op: ck_compare_op, _ a: NDArray, _ number: Scalar, _ name: StaticString
  ) -> NDArray {
    let dtype = DType.result(PromotionOperand(a), PromotionOperand(number))
    guard let loop = ck_compare(op, dtype.rawValue) else { unsupported(name, dtype) }
    let result = NDArray(uninitialized: a.shape, .bool)
    run(loop, result, a.cast(to: dtype), ScalarParameters(number, as: dtype))
    return result
  }
}

extension Kernels {
  /// self == other, element by element.
  public static func eq(_ self: NDArray, _ other: NDArray) -> NDArray {
    Elementwise.compare(CK_EQ, self, other, "eq")
  }

  /// self == other.
  public static func eq(_ self: NDArray, _ other: Scalar) -> NDArray {
    Elementwise.compare(CK_EQ, self, other, "eq")
  }

  /// self != other, element by element.
  public static func ne(_ self: NDArray, _ other: NDArray) -> NDArray {
    Elementwise.compare(CK_NE, self, other, "ne")
  }

  /// self != other.
  public static func ne(_ self: NDArray, _ other: Scalar) -> NDArray {
    Elementwise.compare(CK_NE, self, other, "ne")
  }

  /// self < other, element by element.
  public static func lt(_ self: NDArray, _ other: NDArray) -> NDArray {
    Elementwise.compare(CK_LT, self, other, "lt")
  }

  /// self < other.
  public static func lt(_ self: NDArray, _ other: Scalar) -> NDArray {
    Elementwise.compare(CK_LT, self, other, "lt")
  }

  /// self <= other, element by element.
  public static func le(_ self: NDArray, _ other: NDArray) -> NDArray {
    Elementwise.compare(CK_LE, self, other, "le")
  }

  /// self <= other.
  public static func le(_ self: NDArray, _ other: Scalar) -> NDArray {
    Elementwise.compare(CK_LE, self, other, "le")
  }

  /// self > other, element by element.
  public static func gt(_ self: NDArray, _ other: NDArray) -> NDArray {
    Elementwise.compare(CK_GT, self, other, "gt")
  }

  /// self > other.
  public static func gt(_ self: NDArray, _ other: Scalar) -> NDArray {
    Elementwise.compare(CK_GT, self, other, "gt")
  }

  /// self >= other, element by element.
  public static func ge(_ self: NDArray, _ other: NDArray) -> NDArray {
    Elementwise.compare(CK_GE, self, other, "ge")
  }

  /// self >= other.
  public static func ge(_ self: NDArray, _ other: Scalar) -> NDArray {
    Elementwise.compare(CK_GE, self, other, "ge")
  }

  /// Whether both elements are non-zero.
  public static func logicalAnd(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.deliver(
      Elementwise.compare(CK_LOGICAL_AND, self, other, "logical_and"), out, name: "logical_and")
  }

  /// Whether an element is non-zero.
  public static func logicalOr(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.deliver(
      Elementwise.compare(CK_LOGICAL_OR, self, other, "logical_or"), out, name: "logical_or")
  }

  /// Whether exactly one element is non-zero.
  public static func logicalXor(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.deliver(
      Elementwise.compare(CK_LOGICAL_XOR, self, other, "logical_xor"), out, name: "logical_xor")
  }
}
