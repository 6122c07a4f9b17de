import CKernels

// Angles are in radians. Integers give float32.
extension Kernels {
  /// The sine.
  public static func sin(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_SIN, self, out, "sin", inexact: true)
  }

  /// The cosine.
  public static func cos(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_COS, self, out, "cos", inexact: true)
  }

  /// The tangent.
  public static func tan(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_TAN, self, out, "tan", inexact: true)
  }

  /// The angle in [-π/2, π/2] whose sine this is.
  public static func asin(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ASIN, self, out, "asin", inexact: true)
  }

  /// The angle in [0, π] whose cosine this is.
  public static func acos(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ACOS, self, out, "acos", inexact: true)
  }

  /// The angle in (-π/2, π/2) whose tangent this is.
  public static func atan(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ATAN, self, out, "atan", inexact: true)
  }

  /// The hyperbolic sine.
  public static func sinh(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_SINH, self, out, "sinh", inexact: true)
  }

  /// The hyperbolic cosine.
  public static func cosh(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_COSH, self, out, "cosh", inexact: true)
  }

  /// The hyperbolic tangent.
  public static func tanh(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_TANH, self, out, "tanh", inexact: true)
  }

  /// The inverse of the hyperbolic sine.
  public static func asinh(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ASINH, self, out, "asinh", inexact: true)
  }

  /// The inverse of the hyperbolic cosine.
  public static func acosh(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ACOSH, self, out, "acosh", inexact: true)
  }

  /// The inverse of the hyperbolic tangent.
  public static func atanh(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_ATANH, self, out, "atanh", inexact: true)
  }

  /// The angle of the point (other, self), in (-π, π].
  public static func atan2(_ self: NDArray, _ other: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_ATAN2, self, other, out, "atan2", inexact: true)
  }
}
