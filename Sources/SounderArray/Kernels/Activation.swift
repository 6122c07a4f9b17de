import CKernels

extension Kernels {
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
  public static func silu(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    requireInexact(self, "silu")
    return Elementwise.unary(CK_SILU, self, out, "silu")
  }

  /// x for positive x, else negativeSlope · x.
  public static func leakyRelu(
    _ self: NDArray, _ negativeSlope: Scalar = 0.01, out: NDArray? = nil
  ) -> NDArray {
    Elementwise.unaryGeneral(
      CK_LEAKY_RELU, self, out, "leaky_relu", (negativeSlope, 0), self.dtype)
  }

  /// x for positive x, else alpha · (exp(x) - 1).
  public static func elu(_ self: NDArray, _ alpha: Scalar = 1, out: NDArray? = nil) -> NDArray {
    Elementwise.unaryGeneral(CK_ELU, self, out, "elu", (alpha, 1), self.dtype)
  }

  /// elu with alpha 1.67…, times 1.05….
  public static func selu(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unaryGeneral(
      CK_ELU, self, out, "selu", (1.6732632423543772, 1.0507009873554805), self.dtype)
  }

  /// x times the hyperbolic tangent of softplus(x).
  public static func mish(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_MISH, self, out, "mish")
  }

  /// log(1 + exp(beta · x)) / beta, and x where beta · x is above the threshold.
  public static func softplus(
    _ self: NDArray, _ beta: Scalar = 1, _ threshold: Scalar = 20
  ) -> NDArray {
    Elementwise.unaryGeneral(CK_SOFTPLUS, self, nil, "softplus", (beta, threshold), self.dtype)
  }

  /// The logarithm of the logistic function.
  public static func logsigmoid(_ self: NDArray) -> NDArray {
    Elementwise.unary(CK_LOGSIGMOID, self, nil, "logsigmoid")
  }

  /// x + 3 limited to [0, 6], divided by 6.
  public static func hardsigmoid(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_HARDSIGMOID, self, out, "hardsigmoid")
  }

  /// x · hardsigmoid(x).
  public static func hardswish(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    Elementwise.unary(CK_HARDSWISH, self, out, "hardswish")
  }

  /// x limited to [minVal, maxVal].
  public static func hardtanh(
    _ self: NDArray, _ minVal: Scalar = -1, _ maxVal: Scalar = 1, out: NDArray? = nil
  ) -> NDArray {
    require(self.dtype != .bool, "hardtanh: not defined for bool")
    require(
      minVal.doubleValue <= maxVal.doubleValue,
      "hardtanh: the lower limit \(minVal) is above the upper one \(maxVal)")
    // The limits are converted to the type of the array, not the array to theirs.
    return Elementwise.unaryGeneral(
      CK_CLAMP, self, out, "hardtanh", (minVal, maxVal), self.dtype)
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

  private static func requireInexact(_ self: NDArray, _ name: StaticString) {
    require(self.dtype.isDifferentiable, "\(name): not defined for \(self.dtype.name)")
  }

  private static func usesTanh(_ approximate: String, _ name: StaticString) -> Bool {
    require(
      approximate == "none" || approximate == "tanh",
      "\(name): approximate is '\(approximate)', not 'none' or 'tanh'")
    return approximate == "tanh"
  }
}
