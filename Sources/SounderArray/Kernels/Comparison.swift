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

  /// Whether each element is zero.
  public static func logicalNot(_ self: NDArray) -> NDArray {
    let result = NDArray(uninitialized: self.shape, .bool)
    Elementwise.run(ck_logical_not(self.dtype.rawValue), result, self)
    return result
  }

  /// self where the condition holds, other elsewhere.
  public static func `where`(_ condition: NDArray, _ self: NDArray, _ other: NDArray) -> NDArray {
    require(
      condition.dtype == .bool || condition.dtype == .uint8,
      "where: the condition has type \(condition.dtype.name), not bool")
    let dtype = DType.result(PromotionOperand(self), PromotionOperand(other))
    let both = Elementwise.broadcast(self, other, name: "where")
    guard let shape = both.broadcast(with: condition.shape) else {
      failRequirement(
        "where: condition \(condition.shape) does not broadcast with \(both)", #fileID, #line)
    }
    let result = NDArray(uninitialized: shape, dtype)
    select(result, condition, self.cast(to: dtype), other.cast(to: dtype))
    return result
  }

  /// self with `value` where the mask holds.
  public static func maskedFill(
    _ self: NDArray, _ mask: NDArray, _ value: Scalar, out: NDArray? = nil
  ) -> NDArray {
    require(
      mask.dtype == .bool, "masked_fill: the mask has type \(mask.dtype.name), not bool")
    let shape = Elementwise.broadcast(self, mask, name: "masked_fill")
    let result = Elementwise.destination(
      out, shape, self.dtype, inputs: self, mask, name: "masked_fill")
    select(result, mask, NDArray(scalar: value, self.dtype), self)
    return Elementwise.deliver(result, out, name: "masked_fill")
  }

  private static func select(
    _ out: NDArray, _ condition: NDArray, _ a: NDArray, _ b: NDArray
  ) {
    guard let loop = ck_select(out.dtype.byteSize) else { return }
    let shape = out.shape
    let nest = LoopNest(
      shape, out.strides, condition.strides(broadcastTo: shape), a.strides(broadcastTo: shape),
      b.strides(broadcastTo: shape))
    let inner = nest.inner
    nest.forEachRun { offsets, count in
      loop(
        out.address(offsets[0]), inner[0],
        condition.address(offsets[1]).assumingMemoryBound(to: UInt8.self), inner[1],
        a.address(offsets[2]), inner[2], b.address(offsets[3]), inner[3], count)
    }
  }
}
