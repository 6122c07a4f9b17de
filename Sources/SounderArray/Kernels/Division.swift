import CKernels

extension Kernels {
  /// The quotient, rounded: `roundingMode` is nil, "trunc" or "floor".
  public static func div(
    _ self: NDArray, _ other: NDArray, _ roundingMode: String?, out: NDArray? = nil
  ) -> NDArray {
    guard let op = rounding(roundingMode) else { return div(self, other, out: out) }
    return divide(op, self, other, out, "div")
  }

  /// The quotient by a number, rounded.
  public static func div(
    _ self: NDArray, _ other: Scalar, _ roundingMode: String?, out: NDArray? = nil
  ) -> NDArray {
    guard let op = rounding(roundingMode) else { return div(self, other, out: out) }
    return divide(op, self, other, out, "div")
  }

  /// The quotient rounded towards minus infinity.
  public static func floorDivide(_ self: NDArray, _ other: NDArray, out: NDArray? = nil)
    -> NDArray
  { divide(CK_DIV_FLOOR, self, other, out, "floor_divide") }

  /// The quotient by a number rounded towards minus infinity.
  public static func floorDivide(_ self: NDArray, _ other: Scalar, out: NDArray? = nil)
    -> NDArray
  { divide(CK_DIV_FLOOR, self, other, out, "floor_divide") }

  /// What floor division leaves; it has the sign of the divisor.
  public static func remainder(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    divide(CK_REMAINDER, self, other, out, "remainder")
  }

  /// What floor division by a number leaves.
  public static func remainder(_ self: NDArray, _ other: Scalar, out: NDArray? = nil) -> NDArray {
    divide(CK_REMAINDER, self, other, out, "remainder")
  }

  /// What floor division of a number leaves.
  public static func remainder(_ self: Scalar, _ other: NDArray) -> NDArray {
    let dtype = DType.result(other, self)
    return divide(CK_REMAINDER, NDArray(scalar: self, dtype), other, nil, "remainder")
  }

  /// What division rounded towards zero leaves; it has the sign of the dividend.
  public static func fmod(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    divide(CK_FMOD, self, other, out, "fmod")
  }

  /// What division by a number, rounded towards zero, leaves.
  public static func fmod(_ self: NDArray, _ other: Scalar, out: NDArray? = nil) -> NDArray {
    divide(CK_FMOD, self, other, out, "fmod")
  }

  private static func rounding(_ mode: String?) -> ck_binary_op? {
    switch mode {
    case nil: return nil
    case "trunc": return CK_DIV_TRUNC
    case "floor": return CK_DIV_FLOOR
    default:
      failRequirement(
        "div: rounding_mode is '\(mode ?? "")', not 'trunc' or 'floor'", #fileID, #line)
    }
  }

  private static func divide(
    _ op: ck_binary_op, _ a: NDArray, _ b: NDArray, _ out: NDArray?, _ name: StaticString
  ) -> NDArray {
    if !a.dtype.isDifferentiable && !b.dtype.isDifferentiable {
      require(
        !b.toArray(as: Int.self).contains(0), "\(name): an integer is divided by zero")
    }
    return Elementwise.binary(op, a, b, out, name)
  }

  private static func divide(
    _ op: ck_binary_op, _ a: NDArray, _ number: Scalar, _ out: NDArray?, _ name: StaticString
  ) -> NDArray {
    if !a.dtype.isDifferentiable, !number.defaultDType.isDifferentiable {
      require(number.intValue != 0, "\(name): an integer is divided by zero")
    }
    return Elementwise.binary(op, a, number, out, name)
  }
}
