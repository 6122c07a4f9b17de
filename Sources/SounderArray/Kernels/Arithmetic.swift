import CKernels

extension Elementwise {
  /// A binary operation: the fast path takes contiguous operands of one type and shape.
  @inline(__always)
  static func binary(
    _ op: ck_binary_op, _ a: NDArray, _ b: NDArray, _ out: NDArray?, _ name: StaticString,
    parameter: Scalar? = nil, inexact: Bool = false
  ) -> NDArray {
    if a.dtype == b.dtype, out == nil, parameter == nil, a.shape == b.shape, a.isContiguous,
      b.isContiguous, let loop = ck_binary(op, a.dtype.rawValue)
    {
      let result = NDArray(uninitialized: a.shape, a.dtype)
      loop(result.pointer, 1, a.pointer, 1, b.pointer, 1, result.count, nil)
      return result
    }
    return binaryGeneral(op, a, b, out, name, parameter, inexact)
  }

  @inline(never)
  static func binaryGeneral(
    _ op: ck_binary_op, _ a: NDArray, _ b: NDArray, _ out: NDArray?, _ name: StaticString,
    _ parameter: Scalar?, _ inexact: Bool
  ) -> NDArray {
    if a.dtype == b.dtype, parameter == nil, let loop = ck_binary(op, a.dtype.rawValue),
      let result = runFlat(loop, a, b, out)
    {
      return result
    }
    var dtype = DType.result(PromotionOperand(a), PromotionOperand(b))
    if inexact { dtype = dtype.inexact }
    guard let loop = ck_binary(op, dtype.rawValue) else { unsupported(name, dtype) }
    let shape = broadcast(a, b, name: name)
    let result = destination(out, shape, dtype, inputs: a, b, name: name)
    let x = a.cast(to: dtype)
    let y = b.cast(to: dtype)
    if let parameter {
      ScalarParameters(parameter, as: dtype).withPointer { run(loop, result, x, y, $0) }
    } else {
      run(loop, result, x, y)
    }
    return deliver(result, out, name: name)
  }

  /// One flat loop, where the operands are contiguous and of equal shape, or one of them is a single
  /// element, and the destination allows it; nil elsewhere.
  private static func runFlat(_ loop: BinaryLoop, _ a: NDArray, _ b: NDArray, _ out: NDArray?)
    -> NDArray?
  {
    guard a.isContiguous, b.isContiguous else { return nil }
    let same = a.shape == b.shape
    let aRepeats = !same && a.count == 1 && a.rank <= b.rank
    guard same || aRepeats || (b.count == 1 && b.rank <= a.rank) else { return nil }
    let shape = aRepeats ? b.shape : a.shape
    if let out {
      guard isFlat(out, shape, a.dtype), !overlaps(out, a), !overlaps(out, b) else { return nil }
    }
    let result = out ?? NDArray(uninitialized: shape, a.dtype)
    loop(
      result.pointer, 1, a.pointer, aRepeats ? 0 : 1, b.pointer, same || aRepeats ? 1 : 0,
      result.count, nil)
    return result
  }

  /// Whether a destination can be written by one flat loop.
  @inline(__always)
  static func isFlat(_ out: NDArray, _ shape: Shape, _ dtype: DType) -> Bool {
    out.dtype == dtype && out.shape == shape && out.isContiguous
  }

  /// Whether writing `out` may change elements of `input` before they are read.
  @inline(__always)
  static func overlaps(_ out: NDArray, _ input: NDArray) -> Bool {
    out.storage === input.storage && !(out.offset == input.offset && out.shape == input.shape)
      && out.mayOverlap(input)
  }

  /// A binary operation with a number.
  static func binary(
    _ op: ck_binary_op, _ a: NDArray, _ number: Scalar, _ out: NDArray?, _ name: StaticString,
    reversed: Bool = false, inexact: Bool = false
  ) -> NDArray {
    var dtype = DType.result(a, number)
    if inexact { dtype = dtype.inexact }
    guard let loop = ck_binary(op, dtype.rawValue) else { unsupported(name, dtype) }
    let value = ScalarParameters(number, as: dtype)
    if out == nil, a.dtype == dtype, a.isContiguous {
      let result = NDArray(uninitialized: a.shape, dtype)
      value.withPointer {
        if reversed {
          loop(result.pointer, 1, $0, 0, a.pointer, 1, result.count, nil)
        } else {
          loop(result.pointer, 1, a.pointer, 1, $0, 0, result.count, nil)
        }
      }
      return result
    }
    let result = destination(out, a.shape, dtype, inputs: a, name: name)
    run(loop, result, a.cast(to: dtype), value, reversed: reversed)
    return deliver(result, out, name: name)
  }
}

extension Kernels {
  /// self + alpha * other.
  public static func add(
    _ self: NDArray, _ other: NDArray, _ alpha: Scalar = 1, out: NDArray? = nil
  ) -> NDArray {
    if alpha.isOne { return Elementwise.binary(CK_ADD, self, other, out, "add") }
    return Elementwise.binary(CK_ADD_SCALED, self, other, out, "add", parameter: alpha)
  }

  /// self + alpha * other.
  public static func add(
    _ self: NDArray, _ other: Scalar, _ alpha: Scalar = 1, out: NDArray? = nil
  ) -> NDArray { Elementwise.binary(CK_ADD, self, other * alpha, out, "add") }

  /// self - alpha * other.
  public static func sub(
    _ self: NDArray, _ other: NDArray, _ alpha: Scalar = 1, out: NDArray? = nil
  ) -> NDArray {
    if alpha.isOne { return Elementwise.binary(CK_SUB, self, other, out, "sub") }
    return Elementwise.binary(
      CK_ADD_SCALED, self, other, out, "sub", parameter: alpha * .int(-1))
  }

  /// self - alpha * other.
  public static func sub(
    _ self: NDArray, _ other: Scalar, _ alpha: Scalar = 1, out: NDArray? = nil
  ) -> NDArray { Elementwise.binary(CK_SUB, self, other * alpha, out, "sub") }

  /// other - alpha * self.
  public static func rsub(_ self: NDArray, _ other: NDArray, _ alpha: Scalar = 1) -> NDArray {
    sub(other, self, alpha)
  }

  /// other - alpha * self.
  public static func rsub(_ self: NDArray, _ other: Scalar, _ alpha: Scalar = 1) -> NDArray {
    if alpha.isOne {
      return Elementwise.binary(CK_SUB, self, other, nil, "rsub", reversed: true)
    }
    return add(mul(self, alpha * .int(-1)), other)
  }

  /// The product, element by element.
  public static func mul(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_MUL, self, other, out, "mul")
  }

  /// The product with a number.
  public static func mul(_ self: NDArray, _ other: Scalar, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_MUL, self, other, out, "mul")
  }

  /// The quotient, element by element; integers give float32.
  public static func div(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_DIV, self, other, out, "div", inexact: true)
  }

  /// The quotient by a number; integers give float32.
  public static func div(_ self: NDArray, _ other: Scalar, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_DIV, self, other, out, "div", inexact: true)
  }

  /// The larger of two elements; NaN if either is.
  public static func maximum(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_MAXIMUM, self, other, out, "maximum")
  }

  /// The smaller of two elements; NaN if either is.
  public static func minimum(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_MINIMUM, self, other, out, "minimum")
  }
}

extension Scalar {
  @inline(__always)
  var isOne: Bool {
    if case .int(1) = self { return true }
    if case .float(1) = self { return true }
    return false
  }

  static func * (a: Scalar, b: Scalar) -> Scalar {
    switch (a, b) {
    case (.complex(let x, let y), _):
      return .complex(
        x * b.doubleValue - y * b.imaginary, x * b.imaginary + y * b.doubleValue)
    case (_, .complex): return b * a
    case (.float, _), (_, .float): return .float(a.doubleValue * b.doubleValue)
    case (.bool(let x), .bool(let y)): return .bool(x && y)
    default: return .int(a.intValue &* b.intValue)
    }
  }
}
