import CKernels

typealias TernaryLoop =
  @convention(c) (
    UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, UnsafeRawPointer?, Int,
    UnsafeRawPointer?, Int, Int, UnsafeRawPointer?
  ) -> Void

extension Elementwise {
  /// An operation of three operands, which broadcast and are promoted to one type.
  static func ternary(
    _ op: ck_ternary_op, _ a: NDArray, _ b: NDArray, _ c: NDArray, _ out: NDArray?,
    _ name: StaticString, parameter: Scalar = 1
  ) -> NDArray {
    let dtype = DType.result(PromotionOperand(a), PromotionOperand(b), PromotionOperand(c))
    guard let loop = ck_ternary(op, dtype.rawValue) else { unsupported(name, dtype) }
    guard let shape = broadcast(a, b, name: name).broadcast(with: c.shape) else {
      failRequirement(
        "\(name): shapes \(a.shape), \(b.shape) and \(c.shape) do not broadcast", #fileID, #line)
    }
    let result = destination(out, shape, dtype, inputs: a, b, c, name: name)
    let (x, y, z) = (a.cast(to: dtype), b.cast(to: dtype), c.cast(to: dtype))
    ScalarParameters(parameter, as: dtype).withPointer { parameters in
      run(loop, result, x, y, z, parameters)
    }
    return deliver(result, out, name: name)
  }

  private static func run(
    _ loop: TernaryLoop, _ out: NDArray, _ a: NDArray, _ b: NDArray, _ c: NDArray,
    _ parameters: UnsafeRawPointer
  ) {
    let shape = out.shape
    let nest = LoopNest(
      shape, out.strides, a.strides(broadcastTo: shape), b.strides(broadcastTo: shape),
      c.strides(broadcastTo: shape), reorders: true)
    nest.forEachRun(LoopOperands(out, a, b, c)) { addresses, strides, count in
      loop(
        addresses[0], strides[0], addresses[1], strides[1], addresses[2], strides[2],
        addresses[3], strides[3], count, parameters)
    }
  }
}

extension Kernels {
  /// self + weight · (end - self).
  public static func lerp(
    _ self: NDArray, _ end: NDArray, _ weight: NDArray, out: NDArray? = nil
  ) -> NDArray { Elementwise.ternary(CK_LERP, self, end, weight, out, "lerp") }

  /// self + weight · (end - self).
  public static func lerp(
    _ self: NDArray, _ end: NDArray, _ weight: Scalar, out: NDArray? = nil
  ) -> NDArray {
    let dtype = DType.result(PromotionOperand(self), PromotionOperand(end))
    return lerp(self, end, NDArray(scalar: weight, dtype), out: out)
  }

  /// self + value · tensor1 · tensor2.
  public static func addcmul(
    _ self: NDArray, _ tensor1: NDArray, _ tensor2: NDArray, _ value: Scalar = 1,
    out: NDArray? = nil
  ) -> NDArray {
    Elementwise.ternary(CK_ADDCMUL, self, tensor1, tensor2, out, "addcmul", parameter: value)
  }

  /// self + value · tensor1 / tensor2.
  public static func addcdiv(
    _ self: NDArray, _ tensor1: NDArray, _ tensor2: NDArray, _ value: Scalar = 1,
    out: NDArray? = nil
  ) -> NDArray {
    Elementwise.ternary(CK_ADDCDIV, self, tensor1, tensor2, out, "addcdiv", parameter: value)
  }
}
