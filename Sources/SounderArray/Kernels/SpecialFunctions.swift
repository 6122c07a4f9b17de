import CKernels

// Integers give float32.
extension Kernels {
  /// The error function.
  public static func erf(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ERF, self, out, "erf", inexact: true)
  }

  /// 1 - erf(self), accurate for large arguments.
  public static func erfc(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ERFC, self, out, "erfc", inexact: true)
  }

  /// The logarithm of the magnitude of the gamma function.
  public static func lgamma(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_LGAMMA, self, out, "lgamma", inexact: true)
  }

  /// The derivative of lgamma.
  public static func digamma(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_DIGAMMA, self, out, "digamma", inexact: true)
  }

  /// The n-th derivative of digamma.
  public static func polygamma(_ n: Int, _ self: NDArray, out: NDArray? = nil) -> NDArray {
    require(n >= 0, "polygamma: the order \(n) is negative")
    return Elementwise.unaryGeneral(
      CK_POLYGAMMA, self, out, "polygamma", (.int(n), 0), self.dtype.inexact)
  }

  /// log(exp(self) + exp(other)) without overflow.
  public static func logaddexp(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_LOGADDEXP, self, other, out, "logaddexp", inexact: true)
  }

  /// self · log(other), zero where self is, unless other is NaN.
  public static func xlogy(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_XLOGY, self, other, out, "xlogy", inexact: true)
  }

  /// self · log(other).
  public static func xlogy(_ self: NDArray, _ other: Scalar, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_XLOGY, self, other, out, "xlogy", inexact: true)
  }

  /// self · log(other).
  public static func xlogy(_ self: Scalar, _ other: NDArray) -> NDArray {
    Elementwise.binary(CK_XLOGY, other, self, nil, "xlogy", reversed: true, inexact: true)
  }
}
