import CKernels

extension Kernels {
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
    // PyTorch's rule for opposite bounds is that the upper one wins.
    let upper = max ?? high
    var lower = min ?? low
    if lower.doubleValue > upper.doubleValue { lower = upper }
    if upper.doubleValue.isNaN { lower = upper }
    return Elementwise.unaryGeneral(CK_CLAMP, self, out, "clamp", (lower, upper), dtype)
  }

  /// Limits elements to [min, max] element by element, with broadcasting; NaN if any operand is.
  public static func clamp(
    _ self: NDArray, _ min: NDArray?, _ max: NDArray?, out: NDArray? = nil
  ) -> NDArray {
    guard let min else {
      guard let max else {
        failRequirement("clamp: at least one of min and max must be given", #fileID, #line)
      }
      return minimum(self, max, out: out)
    }
    guard let max else { return maximum(self, min, out: out) }
    return Elementwise.ternary(CK_CLAMP_TENSOR, self, min, max, out, "clamp")
  }

  /// The larger of element and bound.
  public static func clampMin(_ self: NDArray, _ min: Scalar, out: NDArray? = nil) -> NDArray {
    clamp(self, min, nil, out: out)
  }

  /// The larger of two elements.
  public static func clampMin(_ self: NDArray, _ min: NDArray, out: NDArray? = nil) -> NDArray {
    maximum(self, min, out: out)
  }

  /// The smaller of element and bound.
  public static func clampMax(_ self: NDArray, _ max: Scalar, out: NDArray? = nil) -> NDArray {
    clamp(self, nil, max, out: out)
  }

  /// The smaller of two elements.
  public static func clampMax(_ self: NDArray, _ max: NDArray, out: NDArray? = nil) -> NDArray {
    minimum(self, max, out: out)
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
