import CKernels

extension Kernels {
  /// Whether all elements are non-zero.
  public static func all(_ self: NDArray) -> NDArray { truth(CK_ALL, self, nil, false, "all") }

  /// Whether all elements along dimensions are non-zero; an empty list reduces nothing.
  public static func all(_ self: NDArray, _ dim: [Int]?, _ keepdim: Bool = false) -> NDArray {
    truth(CK_ALL, self, dim, keepdim, "all")
  }

  /// Whether any element is non-zero.
  public static func any(_ self: NDArray) -> NDArray { truth(CK_ANY, self, nil, false, "any") }

  /// Whether any element along dimensions is non-zero; an empty list reduces nothing.
  public static func any(_ self: NDArray, _ dim: [Int]?, _ keepdim: Bool = false) -> NDArray {
    truth(CK_ANY, self, dim, keepdim, "any")
  }

  private static func truth(
    _ op: ck_reduce_op, _ self: NDArray, _ dim: [Int]?, _ keepdim: Bool, _ name: StaticString
  ) -> NDArray {
    // PyTorch keeps the type of bytes, which once were its truth values.
    let type: DType = self.dtype == .uint8 ? .uint8 : .bool
    if let dim, dim.isEmpty { return self.cast(to: .bool).cast(to: type) }
    let mask = Reduction.mask(dim, self.shape, name)
    return Reduction(self, mask: mask, keepdim: keepdim)
      .fold(op, into: .bool, initial: .bool(op == CK_ALL), name: name).cast(to: type)
  }

  /// How many elements are not zero, over dimensions.
  public static func countNonzero(_ self: NDArray, _ dim: [Int]? = nil) -> NDArray {
    sum(self.cast(to: .bool), dim, false)
  }
}
