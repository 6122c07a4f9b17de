import CKernels

extension Kernels {
  /// Variances over dimensions; `correction` is subtracted from the number of elements.
  public static func `var`(
    _ self: NDArray, _ dim: [Int]? = nil, _ correction: Scalar? = 1, _ keepdim: Bool = false
  ) -> NDArray { variance(self, dim, correction, keepdim, "var").cast(to: self.dtype.realType) }

  /// The square roots of ``var(_:_:_:_:)``.
  public static func std(
    _ self: NDArray, _ dim: [Int]? = nil, _ correction: Scalar? = 1, _ keepdim: Bool = false
  ) -> NDArray {
    sqrt(variance(self, dim, correction, keepdim, "std")).cast(to: self.dtype.realType)
  }

  private static func variance(
    _ self: NDArray, _ dim: [Int]?, _ correction: Scalar?, _ keepdim: Bool, _ name: StaticString
  ) -> NDArray {
    require(self.dtype.isDifferentiable, "\(name): not defined for \(self.dtype.name)")
    if let fused = FusedReduction(self.contiguous(), dim, name) {
      let divisor = Swift.max(Double(fused.count) - (correction ?? 1).doubleValue, 0)
      let result = fused.result(dim, keepdim)
      if fused.isDouble {
        ck_variance_f64(
          result.doubles, fused.input.doubles, divisor, fused.outer, fused.count, fused.inner)
      } else {
        ck_variance_f32(
          result.floats, fused.input.floats, divisor, fused.outer, fused.count, fused.inner)
      }
      return result
    }
    let mask = Reduction.mask(dim, self.shape, name)
    let wide = self.cast(to: self.dtype.sumAccumulator)
    let centred = sub(wide, mean(wide, dim, true))
    let squares = centred.dtype.isComplex ? square(abs(centred)) : square(centred)
    let reduction = Reduction(squares, mask: mask, keepdim: keepdim)
    let total = reduction.fold(CK_SUM, into: .float64, initial: 0, name: name)
    let freedom = Double(reduction.elementsPerResult) - (correction ?? 1).doubleValue
    return div(total, .float(Swift.max(freedom, 0)), out: total)
  }
}
