import CKernels

extension Kernels {
  /// Normalises the trailing dimensions to mean 0 and variance 1, then scales and shifts.
  ///
  /// Returns the result and the mean and reciprocal deviation of each row, shaped [*, 1, …].
  public static func nativeLayerNorm(
    _ input: NDArray, _ normalizedShape: [Int], _ weight: NDArray?, _ bias: NDArray?, _ eps: Double
  ) -> (NDArray, NDArray, NDArray) {
    let (rows, width, statistics) = layout(input, normalizedShape, "native_layer_norm")
    let dtype = Rows.compute(input.dtype, "native_layer_norm")
    let x = input.cast(to: dtype).contiguous()
    let scale = weight?.cast(to: dtype).contiguous()
    let shift = bias?.cast(to: dtype).contiguous()
    for parameter in [scale, shift] {
      require(
        parameter.map { $0.count == width } ?? true,
        "native_layer_norm: weight or bias does not have the shape \(normalizedShape)")
    }
    let result = NDArray(uninitialized: input.shape, dtype)
    let mean = NDArray(uninitialized: statistics, dtype)
    let rstd = NDArray(uninitialized: statistics, dtype)
    if dtype == .float32 {
      ck_layer_norm_f32(
        result.floats, mean.floats, rstd.floats, x.floats, scale?.floats, shift?.floats, eps,
        rows, width)
    } else {
      ck_layer_norm_f64(
        result.doubles, mean.doubles, rstd.doubles, x.doubles, scale?.doubles, shift?.doubles,
        eps, rows, width)
    }
    return (result.cast(to: input.dtype), mean.cast(to: input.dtype), rstd.cast(to: input.dtype))
  }

  /// The gradients of input, weight and bias, as far as they are needed.
  public static func nativeLayerNormBackward(
    _ grad: NDArray, _ input: NDArray, _ normalizedShape: [Int], _ mean: NDArray, _ rstd: NDArray,
    _ weight: NDArray?, _ needInput: Bool, _ needWeight: Bool, _ needBias: Bool
  ) -> (NDArray?, NDArray?, NDArray?) {
    let (rows, width, _) = layout(input, normalizedShape, "native_layer_norm_backward")
    let dtype = Rows.compute(input.dtype, "native_layer_norm_backward")
    func prepare(_ array: NDArray) -> NDArray { array.cast(to: dtype).contiguous() }
    let (g, x, m, s, w) = (
      prepare(grad), prepare(input), prepare(mean), prepare(rstd), weight.map(prepare)
    )
    let parameterShape = Shape(normalizedShape)
    let dInput = needInput ? NDArray(uninitialized: input.shape, dtype) : nil
    let dWeight = needWeight ? zeros(parameterShape, dtype) : nil
    let dBias = needBias ? zeros(parameterShape, dtype) : nil
    if dtype == .float32 {
      ck_layer_norm_backward_f32(
        dInput?.floats, dWeight?.floats, dBias?.floats, g.floats, x.floats, m.floats, s.floats,
        w?.floats, rows, width)
    } else {
      ck_layer_norm_backward_f64(
        dInput?.doubles, dWeight?.doubles, dBias?.doubles, g.doubles, x.doubles, m.doubles,
        s.doubles, w?.doubles, rows, width)
    }
    func deliver(_ array: NDArray?) -> NDArray? { array?.cast(to: input.dtype) }
    return (deliver(dInput), deliver(dWeight), deliver(dBias))
  }

  private static func layout(_ input: NDArray, _ normalized: [Int], _ name: StaticString)
    -> (rows: Int, width: Int, statistics: Shape)
  {
    let first = input.rank - normalized.count
    require(
      first >= 0 && !normalized.isEmpty && input.shape[first...].elementsEqual(normalized),
      "\(name): shape \(input.shape) does not end in \(normalized)")
    var statistics = input.shape
    for axis in first..<input.rank { statistics[axis] = 1 }
    return (statistics.elementCount, normalized.reduce(1, *), statistics)
  }
}
