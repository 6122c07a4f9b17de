import CKernels

extension Kernels {
  /// Normalises each channel of [batch, channels, *] to mean 0 and variance 1, then scales and shifts.
  ///
  /// Returns the result and the mean and (biased) variance of each channel.
  public static func nativeBatchNorm(
    _ input: NDArray, _ weight: NDArray?, _ bias: NDArray?, _ eps: Double
  ) -> (NDArray, NDArray, NDArray) {
    let name: StaticString = "batch_norm"
    let (samples, channels, positions) = channelLayout(input, [weight, bias], name)
    let x = input.contiguous()
    let (w, b) = (weight?.cast(to: x.dtype).contiguous(), bias?.cast(to: x.dtype).contiguous())
    let result = NDArray(uninitialized: x.shape, x.dtype)
    let mean = NDArray(uninitialized: [channels], x.dtype)
    let variance = NDArray(uninitialized: [channels], x.dtype)
    if x.dtype == .float32 {
      ck_batch_norm_f32(
        result.floats, mean.floats, variance.floats, x.floats, w?.floats, b?.floats, eps, samples,
        channels, positions)
    } else {
      ck_batch_norm_f64(
        result.doubles, mean.doubles, variance.doubles, x.doubles, w?.doubles, b?.doubles, eps,
        samples, channels, positions)
    }
    return (result, mean, variance)
  }

  /// The gradients of input, weight and bias, as far as they are needed.
  public static func nativeBatchNormBackward(
    _ grad: NDArray, _ input: NDArray, _ mean: NDArray, _ variance: NDArray, _ weight: NDArray?,
    _ eps: Double, _ needInput: Bool, _ needWeight: Bool, _ needBias: Bool
  ) -> (NDArray?, NDArray?, NDArray?) {
    let name: StaticString = "batch_norm_backward"
    let (samples, channels, positions) = channelLayout(input, [weight, mean, variance], name)
    require(
      grad.shape == input.shape && grad.dtype == input.dtype,
      "\(name): gradient \(grad.shape) does not fit input \(input.shape)")
    func prepare(_ array: NDArray) -> NDArray { array.cast(to: input.dtype).contiguous() }
    let (g, x, m, v, w) = (
      prepare(grad), prepare(input), prepare(mean), prepare(variance), weight.map(prepare)
    )
    let dInput = needInput ? NDArray(uninitialized: x.shape, x.dtype) : nil
    let dWeight = needWeight ? NDArray(uninitialized: [channels], x.dtype) : nil
    let dBias = needBias ? NDArray(uninitialized: [channels], x.dtype) : nil
    if x.dtype == .float32 {
      ck_batch_norm_backward_f32(
        dInput?.floats, dWeight?.floats, dBias?.floats, g.floats, x.floats, m.floats, v.floats,
        w?.floats, eps, samples, channels, positions)
    } else {
      ck_batch_norm_backward_f64(
        dInput?.doubles, dWeight?.doubles, dBias?.doubles, g.doubles, x.doubles, m.doubles,
        v.doubles, w?.doubles, eps, samples, channels, positions)
    }
    return (dInput, dWeight, dBias)
  }

  /// Moves running statistics towards those of a batch: r ← (1 - momentum)·r + momentum·value.
  public static func updateRunning(_ running: NDArray, _ value: NDArray, _ momentum: Double) {
    let scaled = mul(running, .float(1 - momentum))
    running.copy(from: add(scaled, mul(value, .float(momentum))))
    running.storage.incrementVersion()
  }

  static func channelLayout(
    _ input: NDArray, _ parameters: [NDArray?], _ name: StaticString
  ) -> (samples: Int, channels: Int, positions: Int) {
    require(
      input.dtype == .float32 || input.dtype == .float64,
      "\(name): not defined for \(input.dtype.name)")
    require(input.rank >= 2, "\(name): expects [batch, channels, *], not shape \(input.shape)")
    let channels = input.shape[1]
    for case .some(let parameter) in parameters {
      require(
        parameter.shape == [channels],
        "\(name): parameter \(parameter.shape) does not fit the channels of \(input.shape)")
    }
    return (input.shape[0], channels, input.shape.dropFirst(2).reduce(1, *))
  }
}
