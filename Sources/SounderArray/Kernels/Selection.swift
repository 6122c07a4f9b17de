import CKernels

extension Kernels {
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

  /// self where the condition holds, a number elsewhere.
  public static func `where`(_ condition: NDArray, _ self: NDArray, _ other: Scalar) -> NDArray {
    let dtype = DType.result(PromotionOperand(self), PromotionOperand(other))
    return `where`(condition, self.cast(to: dtype), NDArray(scalar: other, dtype))
  }

  /// A number where the condition holds, other elsewhere.
  public static func `where`(_ condition: NDArray, _ self: Scalar, _ other: NDArray) -> NDArray {
    let dtype = DType.result(PromotionOperand(self), PromotionOperand(other))
    return `where`(condition, NDArray(scalar: self, dtype), other.cast(to: dtype))
  }

  /// One number where the condition holds, another elsewhere.
  public static func `where`(_ condition: NDArray, _ self: Scalar, _ other: Scalar) -> NDArray {
    let dtype = DType.result(PromotionOperand(self), PromotionOperand(other))
    return `where`(condition, NDArray(scalar: self, dtype), NDArray(scalar: other, dtype))
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

  /// The element of a zero-dimensional array where the mask is true, self elsewhere.
  public static func maskedFill(
    _ self: NDArray, _ mask: NDArray, _ value: NDArray, out: NDArray? = nil
  ) -> NDArray {
    require(
      value.rank == 0, "masked_fill: the value has shape \(value.shape), not zero dimensions")
    return maskedFill(self, mask, value.item(), out: out)
  }

  private static func select(
    _ out: NDArray, _ condition: NDArray, _ a: NDArray, _ b: NDArray
  ) {
    guard let loop = ck_select(out.dtype.byteSize) else { return }
    let shape = out.shape
    let nest = LoopNest(
      shape, out.strides, condition.strides(broadcastTo: shape), a.strides(broadcastTo: shape),
      b.strides(broadcastTo: shape), reorders: true)
    nest.forEachRun(LoopOperands(out, condition, a, b)) { addresses, strides, count in
      loop(
        addresses[0], strides[0], addresses[1].assumingMemoryBound(to: UInt8.self), strides[1],
        addresses[2], strides[2], addresses[3], strides[3], count)
    }
  }
}
