import CKernels

extension Kernels {
  /// Running sums along a dimension; integers and bools give int64.
  public static func cumsum(_ self: NDArray, _ dim: Int, _ dtype: DType? = nil) -> NDArray {
    cumulative(ck_cumsum, self, dim, dtype, "cumsum")
  }

  /// Running products along a dimension; integers and bools give int64.
  public static func cumprod(_ self: NDArray, _ dim: Int, _ dtype: DType? = nil) -> NDArray {
    cumulative(ck_cumprod, self, dim, dtype, "cumprod")
  }

  private typealias CumulativeLoop =
    @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, Int) -> Void

  private static func cumulative(
    _ table: (UInt8) -> CumulativeLoop?, _ self: NDArray, _ dim: Int, _ dtype: DType?,
    _ name: StaticString
  ) -> NDArray {
    let type = dtype ?? (self.dtype.isDifferentiable ? self.dtype : .int64)
    let wide: DType = type.isDifferentiable ? type : .int64
    guard let loop = table(wide.rawValue) else { Elementwise.unsupported(name, type) }
    let axis = self.shape.axis(dim, "\(name)")
    let input = self.cast(to: type).cast(to: wide)
    if self.rank == 0 { return input.copied().cast(to: type) }
    let result = NDArray(uninitialized: self.shape, wide)
    forEachLine(result, input, input, axis) { start, x, _ in
      loop(
        result.address(start), result.strides[axis], input.address(x), input.strides[axis],
        self.shape[axis])
    }
    return result.cast(to: type)
  }

  /// The linear recurrence yᵢ = xᵢ + fᵢ·yᵢ₋₁ along a dimension, or, reversed, yᵢ = xᵢ + fᵢ₊₁·yᵢ₊₁.
  ///
  /// Each factor belongs to the step between its position and the one before; the first is not used.
  public static func linearRecurrence(
    _ self: NDArray, _ factor: NDArray, _ dim: Int, _ reverse: Bool = false
  ) -> NDArray {
    require(
      self.shape == factor.shape && self.dtype == factor.dtype,
      "linear_recurrence: factors \(factor.dtype)\(factor.shape) do not fit "
        + "\(self.dtype)\(self.shape)")
    guard let loop = ck_recurrence(self.dtype.rawValue) else {
      Elementwise.unsupported("linear_recurrence", self.dtype)
    }
    let axis = self.shape.axis(dim, "linear_recurrence")
    let length = self.rank == 0 ? 1 : self.shape[axis]
    if length <= 1 || self.count == 0 { return self.copied() }
    let result = NDArray(uninitialized: self.shape, self.dtype)
    let (step, x, f) = (result.strides[axis], self.strides[axis], factor.strides[axis])
    let last = length - 1
    forEachLine(result, self, factor, axis) { start, input, factors in
      if reverse {
        loop(
          result.address(start + last * step), -step, self.address(input + last * x), -x,
          factor.address(factors + last * f), -f, length)
      } else {
        loop(
          result.address(start), step, self.address(input), x, factor.address(factors + f), f,
          length)
      }
    }
    return result
  }

  /// Calls `body` with the offsets at which each line along `axis` starts in three arrays of one shape.
  private static func forEachLine(
    _ a: NDArray, _ b: NDArray, _ c: NDArray, _ axis: Int, _ body: (Int, Int, Int) -> Void
  ) {
    let nest = LoopNest(
      a.shape.removing(axis), a.strides.removing(axis), b.strides.removing(axis),
      c.strides.removing(axis))
    let inner = nest.inner
    nest.forEachRun { offsets, count in
      for step in 0..<count {
        body(
          offsets[0] + step * inner[0], offsets[1] + step * inner[1],
          offsets[2] + step * inner[2])
      }
    }
  }
}
