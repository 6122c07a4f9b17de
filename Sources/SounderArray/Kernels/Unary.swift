import CKernels

extension Elementwise {
  /// A function of one operand; `inexact` ones turn integers into float32.
  @inline(__always)
  static func unary(
    _ op: ck_unary_op, _ a: NDArray, _ out: NDArray?, _ name: StaticString, inexact: Bool = false
  ) -> NDArray {
    if out == nil, a.isContiguous, !inexact || a.dtype.isDifferentiable,
      let loop = ck_unary(op, a.dtype.rawValue)
    {
      let result = NDArray(uninitialized: a.shape, a.dtype)
      loop(result.pointer, 1, a.pointer, 1, result.count, nil)
      return result
    }
    return unaryGeneral(op, a, out, name, nil, inexact ? a.dtype.inexact : a.dtype)
  }

  @inline(never)
  static func unaryGeneral(
    _ op: ck_unary_op, _ a: NDArray, _ out: NDArray?, _ name: StaticString,
    _ parameters: (Scalar, Scalar)?, _ dtype: DType
  ) -> NDArray {
    guard let loop = ck_unary(op, dtype.rawValue) else { unsupported(name, dtype) }
    let result = destination(out, a.shape, dtype, inputs: a, name: name)
    if let parameters {
      ScalarParameters(parameters.0, parameters.1, as: dtype).withPointer {
        run(loop, result, a.cast(to: dtype), $0)
      }
    } else {
      run(loop, result, a.cast(to: dtype))
    }
    return deliver(result, out, name: name)
  }
}

extension Kernels {
  /// The negative.
  public static func neg(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_NEG, self, out, "neg")
  }

  /// The magnitude; real for complex numbers.
  public static func abs(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    if self.dtype.isComplex {
      let result = NDArray(uninitialized: self.shape, self.dtype.realType)
      Elementwise.run(ck_complex_abs(self.dtype.rawValue), result, self)
      return Elementwise.deliver(result, out, name: "abs")
    }
    return Elementwise.unary(CK_ABS, self, out, "abs")
  }

  /// -1, 0 or 1.
  public static func sign(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    require(!self.dtype.isComplex, "sign: not defined for \(self.dtype.name); use sgn")
    return Elementwise.unary(CK_SIGN, self, out, "sign")
  }

  /// self / |self|, zero at zero; for real numbers the sign.
  public static func sgn(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_SIGN, self, out, "sgn")
  }

  /// The square; of bools as int64.
  public static func square(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(
      CK_SQUARE, self.dtype == .bool ? self.cast(to: .int64) : self, out, "square")
  }

  /// 1 / self.
  public static func reciprocal(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_RECIPROCAL, self, out, "reciprocal", inexact: true)
  }
}
