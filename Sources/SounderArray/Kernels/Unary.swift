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

  /// The complex conjugate of a complex array, a copy of any other.
  public static func conjPhysical(_ self: NDArray) -> NDArray {
    self.dtype.isComplex ? Elementwise.unary(CK_CONJ, self, nil, "conj_physical") : self.copied()
  }

  /// -1, 0 or 1.
  public static func sign(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_SIGN, self, nil, "sign")
  }

  /// The square.
  public static func square(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_SQUARE, self, nil, "square")
  }

  /// 1 / self.
  public static func reciprocal(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_RECIPROCAL, self, nil, "reciprocal", inexact: true)
  }

  /// The exponential function.
  public static func exp(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_EXP, self, out, "exp", inexact: true)
  }

  /// The natural logarithm.
  public static func log(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_LOG, self, out, "log", inexact: true)
  }

  /// The natural logarithm of 1 + self, accurate near zero.
  public static func log1p(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_LOG1P, self, out, "log1p", inexact: true)
  }

  /// The square root.
  public static func sqrt(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_SQRT, self, out, "sqrt", inexact: true)
  }

  /// 1 / sqrt(self).
  public static func rsqrt(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_RSQRT, self, out, "rsqrt", inexact: true)
  }

  /// The sine of radians.
  public static func sin(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_SIN, self, nil, "sin", inexact: true)
  }

  /// The cosine of radians.
  public static func cos(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_COS, self, nil, "cos", inexact: true)
  }

  /// The error function.
  public static func erf(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_ERF, self, nil, "erf", inexact: true)
  }

  /// Limits elements to [min, max]; a missing bound does not limit.
  public static func clamp(
    _ self: NDArray, _ min: Scalar? = nil, _ max: Scalar? = nil, out: NDArray? = nil
  ) -> NDArray {
    require(min != nil || max != nil, "clamp: at least one of min and max must be given")
    let operand = PromotionOperand(self)
    let dtype = DType.result(
      operand, min.map { PromotionOperand($0) } ?? operand,
      max.map { PromotionOperand($0) } ?? operand)
    let (low, high) = dtype.bounds
    return Elementwise.unaryGeneral(CK_CLAMP, self, out, "clamp", (min ?? low, max ?? high), dtype)
  }
}

extension DType {
  /// The smallest and largest value, infinities included.
  var bounds: (Scalar, Scalar) {
    switch self {
    case .bool: (.bool(false), .bool(true))
    case .uint8: (0, 255)
    case .int32: (.int(Int(Int32.min)), .int(Int(Int32.max)))
    case .int64: (.int(.min), .int(.max))
    default: (.float(-.infinity), .float(.infinity))
    }
  }
}
