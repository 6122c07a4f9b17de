import CKernels

extension Kernels {
  /// The hyperbolic tangent.
  public static func tanh(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_TANH, self, out, "tanh", inexact: true)
  }

  /// The logistic function 1 / (1 + exp(-x)).
  public static func sigmoid(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_SIGMOID, self, out, "sigmoid", inexact: true)
  }

  /// max(x, 0).
  public static func relu(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_RELU, self, out, "relu")
  }

  /// x times the normal distribution function of x; `approximate` is "none" or "tanh".
  public static func gelu(_ self: NDArray, _ approximate: String = "none") -> NDArray {
    Elementwise.unary(usesTanh(approximate, "gelu") ? CK_GELU_TANH : CK_GELU, self, nil, "gelu")
  }

  /// x times the logistic function of x.
  public static func silu(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_SILU, self, nil, "silu", inexact: true)
  }

  /// The gradient where the input is above the threshold, zero elsewhere.
  public static func thresholdBackward(_ grad: NDArray, _ self: NDArray, _ threshold: Scalar)
    -> NDArray
  {
    if grad.dtype == self.dtype, grad.shape == self.shape, grad.isContiguous, self.isContiguous,
      case .float(0) = Scalar.float(threshold.doubleValue),
      let loop = ck_binary(CK_THRESHOLD_BACKWARD, grad.dtype.rawValue)
    {
      let result = NDArray(uninitialized: grad.shape, grad.dtype)
      loop(result.pointer, 1, grad.pointer, 1, self.pointer, 1, result.count, nil)
      return result
    }
    return Elementwise.binary(
      CK_THRESHOLD_BACKWARD, grad, self, nil, "threshold_backward", parameter: threshold)
  }

  /// The gradient through ``gelu(_:_:)``.
  public static func geluBackward(
    _ grad: NDArray, _ self: NDArray, _ approximate: String = "none"
  ) -> NDArray {
    let op = usesTanh(approximate, "gelu_backward") ? CK_GELU_TANH_BACKWARD : CK_GELU_BACKWARD
    return Elementwise.binary(op, grad, self, nil, "gelu_backward")
  }

  /// The gradient through ``tanh(_:out:)``, from its output.
  public static func tanhBackward(_ grad: NDArray, _ output: NDArray) -> NDArray {
    Elementwise.binary(CK_TANH_BACKWARD, grad, output, nil, "tanh_backward")
  }

  /// The gradient through ``sigmoid(_:out:)``, from its output.
  public static func sigmoidBackward(_ grad: NDArray, _ output: NDArray) -> NDArray {
    Elementwise.binary(CK_SIGMOID_BACKWARD, grad, output, nil, "sigmoid_backward")
  }

  private static func usesTanh(_ approximate: String, _ name: StaticString) -> Bool {
    require(
      approximate == "none" || approximate == "tanh",
      "\(name): approximate is '\(approximate)', not 'none' or 'tanh'")
    return approximate == "tanh"
  }
}
