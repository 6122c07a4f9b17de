import CKernels

extension Kernels {
  /// log(sum(exp(self))) over dimensions, computed without overflow.
  public static func logsumexp(_ self: NDArray, _ dim: [Int], _ keepdim: Bool = false) -> NDArray {
    let x = self.cast(to: self.dtype.inexact)
    if let fused = FusedReduction(x.contiguous(), dim, "logsumexp") {
      let result = fused.result(dim, keepdim)
      if fused.isDouble {
        ck_logsumexp_f64(
          result.doubles, fused.input.doubles, fused.outer, fused.count, fused.inner)
      } else {
        ck_logsumexp_f32(result.floats, fused.input.floats, fused.outer, fused.count, fused.inner)
      }
      return result
    }
    if x.count == 0 { return log(sum(exp(x), dim, keepdim)) }
    let largest = amax(realPart(x), dim, true)
    // An infinite maximum would make inf - inf.
    let finite = maskedFill(largest, eq(abs(largest), .float(.infinity)), 0)
    let result = add(log(sum(exp(sub(x, finite)), dim, true)), finite)
    if keepdim { return result }
    return reshape(result, [Int](sum(x, dim, false).shape))
  }

  /// The real parts; a real array itself.
  private static func realPart(_ self: NDArray) -> NDArray {
    guard self.dtype.isComplex else { return self }
    var strides = self.strides
    for axis in 0..<self.rank { strides[axis] *= 2 }
    return NDArray(
      storage: self.storage, dtype: self.dtype.realType, offset: self.offset * 2,
      shape: self.shape, strides: strides)
  }
}
