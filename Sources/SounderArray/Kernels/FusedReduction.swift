import CKernels

/// A contiguous float32 or float64 array seen as [outer, n, inner], reduced over n.
///
/// Reductions over neighbouring dimensions have this form; they and their gradients then run in C
/// without temporaries.
struct FusedReduction {
  let input: NDArray
  private(set) var outer = 1
  private(set) var count = 1
  private(set) var inner = 1

  /// Nil for other layouts and types, and for empty arrays.
  init?(_ input: NDArray, _ dim: [Int]?, _ name: StaticString) {
    guard input.dtype == .float32 || input.dtype == .float64, input.isContiguous, input.count > 0
    else { return nil }
    self.input = input
    let mask = Reduction.mask(dim, input.shape, name)
    var hasEnded = false
    for axis in 0..<input.rank where input.shape[axis] != 1 {
      if mask & (1 << axis) != 0 {
        if inner != 1 { hasEnded = true }
        if hasEnded { return nil }
        count *= input.shape[axis]
      } else if count == 1 {
        outer *= input.shape[axis]
      } else {
        inner *= input.shape[axis]
      }
    }
  }

  var isDouble: Bool { input.dtype == .float64 }

  /// An uninitialised array for the result.
  func result(_ dim: [Int]?, _ keepdim: Bool) -> NDArray {
    let mask = Reduction.mask(dim, input.shape, "reduction")
    let shape = Reduction(input, mask: mask, keepdim: keepdim).shape
    return NDArray(uninitialized: shape, input.dtype)
  }

  /// Whether an array is what the reduction's result or its gradient looks like to the loops.
  func fits(_ result: NDArray) -> Bool {
    result.dtype == input.dtype && result.count == outer * inner
  }
}

extension Kernels {
  /// grad·exp(x - result): the gradient of ``logsumexp(_:_:_:)``; nil where no fused loop exists.
  public static func logsumexpBackward(
    _ grad: NDArray, _ self: NDArray, _ result: NDArray, _ dim: [Int]
  ) -> NDArray? {
    guard let fused = FusedReduction(self, dim, "logsumexp"), fused.fits(result), fused.fits(grad)
    else { return nil }
    let (g, r) = (grad.contiguous(), result.contiguous())
    let out = NDArray(uninitialized: self.shape, self.dtype)
    if fused.isDouble {
      ck_logsumexp_backward_f64(
        out.doubles, self.doubles, r.doubles, g.doubles, fused.outer, fused.count, fused.inner)
    } else {
      ck_logsumexp_backward_f32(
        out.floats, self.floats, r.floats, g.floats, fused.outer, fused.count, fused.inner)
    }
    return out
  }

  /// scale·grad·(x - mean): the gradient of the variance; nil where no fused loop exists.
  public static func varBackward(
    _ grad: NDArray, _ self: NDArray, _ dim: [Int]?, _ scale: Double
  ) -> NDArray? {
    guard let fused = FusedReduction(self, dim, "var"), fused.fits(grad) else { return nil }
    let g = grad.contiguous()
    let out = NDArray(uninitialized: self.shape, self.dtype)
    if fused.isDouble {
      ck_variance_backward_f64(
        out.doubles, self.doubles, g.doubles, scale, fused.outer, fused.count, fused.inner)
    } else {
      ck_variance_backward_f32(
        out.floats, self.floats, g.floats, scale, fused.outer, fused.count, fused.inner)
    }
    return out
  }

  /// The gradient shared evenly by the elements that equal the result; nil where no fused loop exists.
  public static func extremeBackward(
    _ grad: NDArray, _ self: NDArray, _ result: NDArray, _ dim: [Int]
  ) -> NDArray? {
    guard let fused = FusedReduction(self, dim, "amax"), fused.fits(result), fused.fits(grad)
    else { return nil }
    let (g, r) = (grad.contiguous(), result.contiguous())
    let out = NDArray(uninitialized: self.shape, self.dtype)
    if fused.isDouble {
      ck_extreme_backward_f64(
        out.doubles, self.doubles, r.doubles, g.doubles, fused.outer, fused.count, fused.inner)
    } else {
      ck_extreme_backward_f32(
        out.floats, self.floats, r.floats, g.floats, fused.outer, fused.count, fused.inner)
    }
    return out
  }
}
