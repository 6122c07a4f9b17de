import CKernels

extension Kernels {
  /// The loss of each sample, -log softmax(logits)[target], and the log-softmax, in one pass.
  ///
  /// Logits have shape [samples, classes], targets int64 [samples].
  public static func crossEntropyForward(_ logits: NDArray, _ target: NDArray)
    -> (NDArray, NDArray)
  {
    require(
      logits.rank == 2 && target.shape == [logits.shape[0]],
      "cross_entropy: logits \(logits.shape) do not fit targets \(target.shape)")
    require(
      target.dtype == .int64, "cross_entropy: targets have type \(target.dtype.name), not int64")
    let dtype = Rows.compute(logits.dtype, "cross_entropy")
    let input = logits.cast(to: dtype).contiguous()
    let classes = target.contiguous()
    let loss = NDArray(uninitialized: target.shape, dtype)
    let logSoftmax = NDArray(uninitialized: logits.shape, dtype)
    let (count, width) = (logits.shape[0], logits.shape[1])
    let bad =
      dtype == .float32
      ? ck_cross_entropy_f32(
        loss.floats, logSoftmax.floats, input.floats, classes.indices, count, width)
      : ck_cross_entropy_f64(
        loss.doubles, logSoftmax.doubles, input.doubles, classes.indices, count, width)
    require(
      bad < 0,
      "cross_entropy: target \(classes.indices[bad]) of sample \(bad) is not one of \(width) classes"
    )
    return (loss.cast(to: logits.dtype), logSoftmax.cast(to: logits.dtype))
  }

  /// The gradient of the logits from that of each sample's loss.
  public static func crossEntropyBackward(
    _ gradPerSample: NDArray, _ logSoftmax: NDArray, _ target: NDArray
  ) -> NDArray {
    require(
      gradPerSample.shape == target.shape && logSoftmax.rank == 2
        && target.shape == [logSoftmax.shape[0]],
      "cross_entropy_backward: gradient \(gradPerSample.shape), log-softmax \(logSoftmax.shape) and "
        + "targets \(target.shape) do not fit")
    let dtype = Rows.compute(logSoftmax.dtype, "cross_entropy_backward")
    let gradient = gradPerSample.cast(to: dtype)
    let saved = logSoftmax.cast(to: dtype).contiguous()
    let classes = target.contiguous()
    let result = NDArray(uninitialized: saved.shape, dtype)
    if dtype == .float32 {
      ck_cross_entropy_backward_f32(
        result.floats, gradient.floats, gradient.strides[0], saved.floats, classes.indices,
        saved.shape[0], saved.shape[1])
    } else {
      ck_cross_entropy_backward_f64(
        result.doubles, gradient.doubles, gradient.strides[0], saved.doubles, classes.indices,
        saved.shape[0], saved.shape[1])
    }
    return result.cast(to: logSoftmax.dtype)
  }

  /// Whether any element of an int64 array is `value`.
  public static func contains(_ self: NDArray, _ value: Int) -> Bool {
    require(self.dtype == .int64, "contains: the array has type \(self.dtype.name), not int64")
    let elements = self.contiguous()
    defer { withExtendedLifetime(elements) {} }
    return UnsafeBufferPointer(start: elements.indices, count: elements.count)
      .contains(Int64(value))
  }
}
