import SounderArray

/// Batch normalisation: with the batch's statistics in training, which also move the running ones, else
/// with the running statistics.
func batchNormComposite(
  _ input: Tensor, _ runningMean: Tensor?, _ runningVariance: Tensor?, _ weight: Tensor?,
  _ bias: Tensor?, _ training: Bool, _ momentum: Double, _ eps: Double
) -> Tensor {
  // PyTorch lets an empty vector pass as a batch without channels.
  if input.rank < 2 {
    require(input.count == 0, "batch_norm: expects [batch, channels, *], not shape \(input.shape)")
    return input.clone()
  }
  guard training else {
    guard let runningMean, let runningVariance else {
      require(false, "batch_norm: running statistics are needed when not training")
      return input
    }
    return normalisedByRunning(input, runningMean, runningVariance, weight, bias, eps)
  }
  let perChannel = input.count / max(input.shape[1], 1)
  require(
    perChannel != 1,
    "batch_norm: expected more than one value per channel when training, input has shape \(input.shape)"
  )
  let (output, mean, variance) = input.nativeBatchNorm(weight, bias, eps)
  if input.count > 0 {
    updateRunning(runningMean, mean.array, momentum)
    let correction = Double(perChannel) / Double(perChannel - 1)
    updateRunning(runningVariance, Kernels.mul(variance.array, .float(correction)), momentum)
  }
  return output
}

/// Instance normalisation: batch normalisation in which every sample has channels of its own.
func instanceNormComposite(
  _ input: Tensor, _ runningMean: Tensor?, _ runningVariance: Tensor?, _ weight: Tensor?,
  _ bias: Tensor?, _ useInputStats: Bool, _ momentum: Double, _ eps: Double
) -> Tensor {
  guard useInputStats else {
    return batchNormComposite(
      input, runningMean, runningVariance, weight, bias, false, momentum, eps)
  }
  require(input.rank >= 3, "instance_norm: expects [batch, channels, *], not \(input.shape)")
  let (samples, channels) = (input.shape[0], input.shape[1])
  let positions = input.shape.dropFirst(2).reduce(1, *)
  require(
    positions != 1,
    "instance_norm: expected more than one position, input has shape \(input.shape)")
  func repeated(_ parameter: Tensor?) -> Tensor? {
    parameter.map { $0.expand([samples, channels]).reshape([samples * channels]) }
  }
  let joined = [1, samples * channels] + Array(input.shape.dropFirst(2))
  let (output, mean, variance) = input.reshape(joined).nativeBatchNorm(
    repeated(weight), repeated(bias), eps)
  if input.count > 0 {
    func average(_ statistic: Tensor, _ factor: Double) -> NDArray {
      let rows = Kernels.reshape(statistic.array, [samples, channels])
      return Kernels.mul(Kernels.mean(rows, [0], false, nil), .float(factor))
    }
    updateRunning(runningMean, average(mean, 1), momentum)
    let correction = Double(positions) / Double(positions - 1)
    updateRunning(runningVariance, average(variance, correction), momentum)
  }
  return output.reshape(input.shape)
}

/// Group normalisation: the channels of each group normalised together, then scaled and shifted one by
/// one.
func groupNormComposite(
  _ input: Tensor, _ groups: Int, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double
) -> Tensor {
  require(
    input.rank >= 2 && groups > 0 && input.shape[1] % groups == 0,
    "group_norm: \(groups) groups do not divide the channels of \(input.shape)")
  for parameter in [weight, bias] {
    require(
      parameter.map { $0.shape == [input.shape[1]] } ?? true,
      "group_norm: parameter \(parameter?.shape ?? []) does not fit the channels of \(input.shape)")
  }
  let width = input.shape.dropFirst(1).reduce(1, *) / groups
  var result = input.reshape([input.shape[0] * groups, width])
    .nativeLayerNorm([width], nil, nil, eps).output.reshape(input.shape)
  if let weight { result = result * perChannel(weight, input) }
  if let bias { result = result + perChannel(bias, input) }
  return result
}

/// x / √(mean(x²) + eps), scaled; without `eps` the type's precision.
func rmsNormComposite(
  _ input: Tensor, _ shape: [Int], _ weight: Tensor?, _ eps: Double?
) -> Tensor {
  let first = input.rank - shape.count
  require(
    first >= 0 && !shape.isEmpty && input.shape[first...].elementsEqual(shape),
    "rms_norm: shape \(input.shape) does not end in \(shape)")
  require(
    weight.map { $0.shape == Shape(shape) } ?? true,
    "rms_norm: weight \(weight?.shape ?? []) does not have the shape \(shape)")
  let isSingle = input.dtype == .float32 || input.dtype == .complex64
  let epsilon = eps ?? (isSingle ? Double(Float.ulpOfOne) : Double.ulpOfOne)
  let square = (input * input).mean(Array(first..<input.rank), keepdim: true)
  let normal = input * (square + epsilon).rsqrt()
  return weight.map { normal * $0 } ?? normal
}

private func normalisedByRunning(
  _ input: Tensor, _ mean: Tensor, _ variance: Tensor, _ weight: Tensor?, _ bias: Tensor?,
  _ eps: Double
) -> Tensor {
  for parameter in [mean, variance, weight, bias] {
    require(
      parameter.map { $0.shape == [input.shape[1]] } ?? true,
      "batch_norm: parameter \(parameter?.shape ?? []) does not fit the channels of \(input.shape)")
  }
  let centre = Tensor(mean.array.cast(to: input.dtype))
  let inverse = Tensor(
    Kernels.rsqrt(Kernels.add(variance.array.cast(to: input.dtype), .float(eps))))
  let scale = weight.map { $0 * inverse } ?? inverse
  let offset = centre * scale
  let shift = bias.map { $0 - offset } ?? -offset
  return input * perChannel(scale, input) + perChannel(shift, input)
}

private func updateRunning(_ running: Tensor?, _ value: NDArray, _ momentum: Double) {
  guard let running else { return }
  require(
    running.shape == value.shape,
    "batch_norm: running statistics \(running.shape) do not fit \(value.shape)")
  Kernels.updateRunning(running.array, value, momentum)
}
