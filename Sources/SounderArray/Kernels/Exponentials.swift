import CKernels

// Exponentials, logarithms and roots. Integers give float32.
extension Kernels {
  /// The exponential function.
  public static func exp(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_EXP, self, out, "exp", inexact: true)
  }

  /// exp(self) - 1, accurate near zero.
  public static func expm1(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_EXPM1, self, out, "expm1", inexact: true)
  }

  /// The power of two.
  public static func exp2(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_EXP2, self, out, "exp2", inexact: true)
  }

  /// The natural logarithm.
  public static func log(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_LOG, self, out, "log", inexact: true)
  }

  /// The natural logarithm of 1 + self, accurate near zero.
  public static func log1p(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_LOG1P, self, out, "log1p", inexact: true)
  }

  /// The binary logarithm.
  public static func log2(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_LOG2, self, out, "log2", inexact: true)
  }

  /// The decimal logarithm.
  public static func log10(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_LOG10, self, out, "log10", inexact: true)
  }

  /// The square root.
  public static func sqrt(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_SQRT, self, out, "sqrt", inexact: true)
  }

  /// 1 / sqrt(self).
  public static func rsqrt(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_RSQRT, self, out, "rsqrt", inexact: true)
  }
}
