extension Kernels {
  /// The p-norm over dimensions; for infinite p the extreme magnitude, for 0 the count of non-zeros.
  public static func pNorm(_ self: NDArray, _ p: Double, _ dim: [Int]?, _ keepdim: Bool) -> NDArray
  {
    let type = self.dtype.realType
    if p == 0 { return sum(self.cast(to: .bool).cast(to: type), dim, keepdim) }
    let magnitude = abs(self)
    if p.isInfinite {
      return p > 0 ? amax(magnitude, dim ?? [], keepdim) : amin(magnitude, dim ?? [], keepdim)
    }
    if p == 1 { return sum(magnitude, dim, keepdim) }
    if p == 2 { return sqrt(sum(square(magnitude), dim, keepdim)) }
    return pow(sum(pow(magnitude, .float(p)), dim, keepdim), .float(1 / p))
  }

  /// -(t·log p + (1 - t)·log(1 - p)) with logarithms limited to -100 from below.
  public static func binaryCrossEntropyTerms(_ self: NDArray, _ target: NDArray) -> NDArray {
    let positive = clamp(log(self), -100, nil)
    let negative = clamp(log1p(neg(self)), -100, nil)
    // (t - 1)·log(1 - p) - t·log p.
    return sub(mul(sub(target, 1), negative), mul(target, positive))
  }
}
