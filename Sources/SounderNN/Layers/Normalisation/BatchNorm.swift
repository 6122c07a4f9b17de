import SounderArray
import SounderAutograd

/// Normalisation of each channel to mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015).
///
/// Training uses the statistics of the batch and keeps running ones, which are used otherwise. In
/// parallel training each virtual shard is normalised by its own statistics, and the running ones take
/// the mean over all shards, so that they are the same on any number of ranks. With `sync` the statistics
/// are those of the whole batch of all ranks.
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
  /// Whether the ranks of a parallel job normalise by the statistics of the whole batch.
  public let sync: Bool
  /// How ranks join their statistics; nil outside a parallel job, where a batch is whole.
  package var exchange: (any BatchPartExchange)?

  /// The numbers of dimensions an input may have.
  var ranks: ClosedRange<Int> { 2...Shape.maximumRank }

  /// A normalisation of `channels` channels.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = true,
    dtype: DType = .float32, sync: Bool = false
  ) {
    self.sync = sync
    self.epsilon = epsilon
    self.momentum = momentum
    weight = affine ? .parameter(Kernels.ones([channels], dtype)) : nil
    bias = affine ? .parameter(Kernels.zeros([channels], dtype)) : nil
    runningMean = .zeros([channels], dtype: dtype)
    runningVariance = .ones([channels], dtype: dtype)
  }

  /// The normalised, scaled and shifted input, of the same shape.
  public override func forward(_ input: Tensor) -> Tensor {
    require(
      ranks.contains(input.rank) && input.shape[1] == runningMean.count,
      "\(type(of: self)): input \(input.shape) for \(runningMean.count) channels")
    if isTraining, let exchange { return normaliseJointly(input, exchange) }
    // One element for each channel has no variance; it is normalised by what is known so far.
    let isAlone = input.count <= runningMean.count
    return input.batchNorm(
      runningMean, runningVariance, weight: weight, bias: bias, training: isTraining && !isAlone,
      momentum: momentum, eps: epsilon)
  }

  private func normaliseJointly(_ input: Tensor, _ exchange: any BatchPartExchange) -> Tensor {
    let (output, moments) = input.jointBatchNorm(
      weight: weight, bias: bias, eps: epsilon, exchange: exchange)
    // One element for each channel has no unbiased variance: nothing is learned from it.
    guard moments.count > 1 else { return output }
    let unbiased = moments.squares.map { $0 / (moments.count - 1) }
    for (running, values) in [(runningMean, moments.mean), (runningVariance, unbiased)] {
      let value = NDArray(values, shape: running.shape).cast(to: running.dtype)
      Kernels.updateRunning(running.array, value, momentum)
    }
    return output
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

extension Module {
  /// The layers that normalise over the batches of all ranks, with their names.
  package final var synchronisedNorms: [(name: String, layer: BatchNorm)] {
    var found: [(name: String, layer: BatchNorm)] = []
    walk { module, name, _ in
      guard let layer = module as? BatchNorm, layer.sync else { return }
      found.append((String(name.dropLast()), layer))
    }
    return found
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
