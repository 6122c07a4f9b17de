import CKernels

extension Kernels {
  /// Powers, element by element.
  public static func pow(_ self: NDArray, _ exponent: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.binary(CK_POW, self, exponent, out, "pow")
  }

  /// Powers with one exponent.
  public static func pow(_ self: NDArray, _ exponent: Scalar, out: NDArray? = nil) -> NDArray {
    if case .complex = exponent, !self.dtype.isComplex {
      return Elementwise.binary(CK_POW, self, exponent, out, "pow")
    }
    if self.dtype.isDifferentiable, exponent.imaginary == 0 {
      switch exponent.doubleValue {
      case 0: return Elementwise.deliver(onesLike(self), out, name: "pow")
      case 1: return Elementwise.binary(CK_MUL, self, 1, out, "pow")
      case 2: return Elementwise.unary(CK_SQUARE, self, out, "pow")
      case 0.5: return Elementwise.unary(CK_SQRT, self, out, "pow")
      case -0.5: return Elementwise.unary(CK_RSQRT, self, out, "pow")
      case -1: return Elementwise.unary(CK_RECIPROCAL, self, out, "pow")
      default: break
      }
    } else if case .int(let value) = exponent {
      require(value >= 0, "pow: integers to the negative power \(value) are not defined")
    }
    return Elementwise.binary(CK_POW, self, exponent, out, "pow")
  }

  /// Powers of one base.
  public static func pow(_ self: Scalar, _ exponent: NDArray) -> NDArray {
    Elementwise.binary(CK_POW, exponent, self, nil, "pow", reversed: true)
  }
}
