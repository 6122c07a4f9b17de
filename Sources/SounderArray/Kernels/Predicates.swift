import CKernels

extension Elementwise {
  /// A test of every element; `constant` is the answer for types that have no loop.
  static func predicate(_ op: ck_predicate_op, _ a: NDArray, otherwise constant: Bool) -> NDArray {
    guard let loop = ck_predicate(op, a.dtype.rawValue) else {
      return Kernels.full(a.shape, .bool(constant), .bool)
    }
    let result = NDArray(uninitialized: a.shape, .bool)
    run(loop, result, a)
    return result
  }
}

extension Kernels {
  /// Whether each element is zero.
  public static func logicalNot(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.deliver(
      Elementwise.predicate(CK_LOGICAL_NOT, self, otherwise: false), out, name: "logical_not")
  }

  /// Whether each element, or a part of a complex one, is NaN.
  public static func isnan(_ self: NDArray) -> NDArray {
    Elementwise.predicate(CK_ISNAN, self, otherwise: false)
  }

  /// Whether each element, or a part of a complex one, is infinite.
  public static func isinf(_ self: NDArray) -> NDArray {
    Elementwise.predicate(CK_ISINF, self, otherwise: false)
  }

  /// Whether each element is neither infinite nor NaN.
  public static func isfinite(_ self: NDArray) -> NDArray {
    Elementwise.predicate(CK_ISFINITE, self, otherwise: true)
  }

  /// Whether each element has a minus sign, zero included.
  public static func signbit(_ self: NDArray) -> NDArray {
    require(!self.dtype.isComplex, "signbit: not defined for \(self.dtype.name)")
    return Elementwise.predicate(CK_SIGNBIT, self, otherwise: false)
  }

  /// Whether elements agree within atol + rtol · |other|; NaN agrees with NaN if `equalNan`.
  public static func isclose(
    _ self: NDArray, _ other: NDArray, _ rtol: Double = 1e-5, _ atol: Double = 1e-8,
    _ equalNan: Bool = false
  ) -> NDArray {
    require(
      self.dtype == other.dtype,
      "isclose: \(self.dtype.name) and \(other.dtype.name) cannot be compared")
    require(rtol >= 0 && atol >= 0, "isclose: a tolerance is negative (\(rtol), \(atol))")
    var close = eq(self, other)
    if equalNan { close = logicalOr(close, logicalAnd(isnan(self), isnan(other))) }
    if rtol == 0 && atol == 0 { return close }
    // PyTorch compares integers as the float64 they would be promoted to in Python's arithmetic.
    let x = self.dtype.isDifferentiable ? self : self.cast(to: .float64)
    let y = other.dtype.isDifferentiable ? other : other.cast(to: .float64)
    let allowed = add(abs(mul(y, .float(rtol))), .float(atol))
    let distance = abs(sub(x, y))
    return logicalOr(close, logicalAnd(isfinite(distance), le(distance, allowed)))
  }

  /// Whether all elements agree within atol + rtol · |other|.
  public static func allclose(
    _ self: NDArray, _ other: NDArray, _ rtol: Double = 1e-5, _ atol: Double = 1e-8,
    _ equalNan: Bool = false
  ) -> NDArray {
    let close = isclose(self, other, rtol, atol, equalNan)
    return NDArray(scalar: .bool(!close.toArray(as: Bool.self).contains(false)))
  }
}
