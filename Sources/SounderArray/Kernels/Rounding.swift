import CKernels

extension Elementwise {
  /// A function that leaves integers as they are.
  static func rounding(
    _ op: ck_unary_op, _ a: NDArray, _ out: NDArray?, _ name: StaticString
  ) -> NDArray {
    if a.dtype == .bool { unsupported(name, .bool) }
    if !a.dtype.isDifferentiable {
      return deliver(out == nil ? a.copied() : a, out, name: name)
    }
    return unary(op, a, out, name)
  }
}

extension Kernels {
  /// The next integer below.
  public static func floor(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.rounding(CK_FLOOR, self, out, "floor")
  }

  /// The next integer above.
  public static func ceil(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.rounding(CK_CEIL, self, out, "ceil")
  }

  /// The next integer towards zero.
  public static func trunc(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.rounding(CK_TRUNC, self, out, "trunc")
  }

  /// The nearest multiple of 10 to the power -decimals; halves go to the even one.
  public static func round(_ self: NDArray, _ decimals: Int = 0, out: NDArray? = nil) -> NDArray {
    if decimals == 0 { return Elementwise.rounding(CK_ROUND, self, out, "round") }
    require(
      self.dtype.isFloatingPoint, "round: decimals are not defined for \(self.dtype.name)")
    var scale = 1.0
    for _ in 0..<Swift.min(decimals.magnitude, 400) { scale *= 10 }
    return Elementwise.unaryGeneral(
      CK_ROUND_DECIMALS, self, out, "round", (.float(scale), decimals > 0 ? 1 : -1), self.dtype)
  }

  /// self - trunc(self).
  public static func frac(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    require(self.dtype.isFloatingPoint, "frac: not defined for \(self.dtype.name)")
    return sub(self, trunc(self), out: out)
  }

  /// NaN and infinities replaced by numbers: zero and the largest finite ones unless given.
  public static func nanToNum(
    _ self: NDArray, _ nan: Double? = nil, _ posinf: Double? = nil, _ neginf: Double? = nil,
    out: NDArray? = nil
  ) -> NDArray {
    if !self.dtype.isDifferentiable {
      return Elementwise.deliver(out == nil ? self.copied() : self, out, name: "nan_to_num")
    }
    if self.dtype.isComplex {
      let result = out ?? NDArray(uninitialized: self.shape, self.dtype)
      _ = nanToNum(viewAsReal(self), nan, posinf, neginf, out: viewAsReal(result))
      return result
    }
    guard let loop = ck_unary(CK_NAN_TO_NUM, self.dtype.rawValue) else {
      Elementwise.unsupported("nan_to_num", self.dtype)
    }
    let largest =
      self.dtype == .float64
      ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
    let result = Elementwise.destination(
      out, self.shape, self.dtype, inputs: self, name: "nan_to_num")
    ScalarParameters(
      .float(nan ?? 0), .float(posinf ?? largest), .float(neginf ?? -largest), as: self.dtype
    ).withPointer { Elementwise.run(loop, result, self, $0) }
    return Elementwise.deliver(result, out, name: "nan_to_num")
  }
}
