import SounderArray
import SounderAutograd

/// Normalisation of each channel to mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015).
///
/// Training uses the statistics of the batch and keeps running ones, which are used otherwise. In
/// parallel training each virtual shard is normalised by its own statistics, and the running ones take
/// the mean over all shards, so that they are the same on any number of ranks.
public class BatchNorm: Module {
  /// The scale, which begins at 1; nil without learned scale and shift.
  public let weight: Tensor?
  /// The shift, which begins at 0; nil without learned scale and shift.
  public let bias: Tensor?
  /// The running mean of each channel.
  public let runningMean: Tensor
  /// The running variance of each channel.
  public let runningVariance: Tensor
  /// What is added to the variance.
  public let epsilon: Double
  /// The share of a new batch in the running statistics.
  public let momentum: Double

  /// The numbers of dimensions an input may have.
  var ranks: ClosedRange<Int> { 2...Shape.maximumRank }

  /// A normalisation of `channels` channels.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = true,
    dtype: DType = .float32
  ) {
    self.epsilon = epsilon
    self.momentum = momentum
    weight = affine ? .parameter(Kernels.ones([channels], dtype)) : nil
    bias = affine ? .parameter(Kernels.zeros([channels], dtype)) : nil
    runningMean = .zeros([channels], dtype)
    runningVariance = .ones([channels], dtype)
  }

  /// The normalised, scaled and shifted input, of the same shape.
  public override func forward(_ input: Tensor) -> Tensor {
    require(
      ranks.contains(input.rank) && input.shape[1] == runningMean.count,
      "\(type(of: self)): input \(input.shape) for \(runningMean.count) channels")
    var extents = [Int](repeating: 1, count: input.rank)
    extents[1] = input.shape[1]
    let mean: Tensor
    let variance: Tensor
    var centred: Tensor
    if isTraining {
      let others = (0..<input.rank).filter { $0 != 1 }
      mean = input.mean(others, keepdim: true)
      centred = input - mean
      variance = centred.square().mean(others, keepdim: true)
      remember(mean, variance, samples: input.count / max(runningMean.count, 1))
    } else {
      mean = runningMean.reshape(extents)
      variance = runningVariance.reshape(extents)
      centred = input - mean
    }
    centred = centred * (variance + .float(epsilon)).rsqrt()
    guard let weight, let bias else { return centred }
    return centred * weight.reshape(extents) + bias.reshape(extents)
  }

  private func remember(_ mean: Tensor, _ variance: Tensor, samples: Int) {
    let unbiased = Double(samples) / Double(max(samples - 1, 1))
    blend(runningMean, mean.array, 1)
    blend(runningVariance, variance.array, unbiased)
  }

  /// running ← (1 − momentum) · running + momentum · factor · new
  private func blend(_ running: Tensor, _ new: NDArray, _ factor: Double) {
    let old = Kernels.mul(running.array, .float(1 - momentum))
    let change = Kernels.mul(
      Kernels.reshape(new, Array(running.shape)), .float(momentum * factor))
    running.array.copy(from: Kernels.add(old, change, .int(1)))
    running.incrementVersion()
  }

  /// The name under which PyTorch stores a property.
  public override func stateName(of property: String) -> String {
    switch property {
    case "runningMean": "running_mean"
    case "runningVariance": "running_var"
    default: property
    }
  }

  /// Writes the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    Initializer.constant(name == "weight" ? 1 : 0).fill(values, from: &stream)
  }
}

/// Batch normalisation of vectors or sequences, `[batch, channels]` or `[batch, channels, length]`.
public final class BatchNorm1d: BatchNorm {
  override var ranks: ClosedRange<Int> { 2...3 }
}

/// Batch normalisation of images, `[batch, channels, height, width]`.
public final class BatchNorm2d: BatchNorm {
  override var ranks: ClosedRange<Int> { 4...4 }
}
