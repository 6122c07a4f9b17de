import SounderAutograd
import SounderComm
import SounderNN
import SounderParallel

extension Configuration {
  /// The model for some data, with parameters that depend on the seed alone.
  ///
  /// - Throws: ``ConfigurationError`` if model and data do not fit.
  public func makeModel(for dataset: Dataset) throws(ConfigurationError) -> Module {
    try makeModel(input: dataset.inputShape, output: dataset.outputShape)
  }

  /// The model for samples and results of the given shapes.
  func makeModel(input: LayerShape, output: [Int]) throws(ConfigurationError) -> Module {
    let section = model
    let outputs = output.last ?? 1
    let model: Module
    switch section.kind {
    case .mlp, .linear:
      model = MLP(
        input.extents.reduce(1, *), hidden: hiddenWidths, outputs, activation: section.activation,
        dropout: section.dropout, layerNorm: section.layerNorm)
    case .cnn:
      try checkImage(input)
      model = CNN(
        input.extents, channels: section.channels, hidden: section.hidden, outputs,
        activation: section.activation, dropout: section.dropout)
    case .gpt:
      model = GPT(
        vocabulary: outputs, length: data.blockLength, width: section.width,
        depth: section.depth, heads: section.heads, bias: section.bias, dropout: section.dropout)
    case .layers:
      model = try LayerStackPlan(section.layers ?? [], input: input, output: output).makeModel()
    }
    model.initialize(seed: UInt64(seed))
    return model
  }

  /// Each 3 × 3 convolution takes two rows and columns, and the pooling needs two.
  private func checkImage(_ input: LayerShape) throws(ConfigurationError) {
    let least = 2 * model.channels.count + 2
    guard input.extents.count == 3, min(input.extents[1], input.extents[2]) >= least else {
      throw .at(
        nil,
        "model.kind: cnn with \(model.channels.count) convolutions needs images of at least "
          + "\(least) × \(least) pixels, the data have \(input)")
    }
  }

  /// The widths of the hidden layers; a linear model has none.
  var hiddenWidths: [Int] { model.kind == .linear ? [] : model.hidden }

  /// The optimiser.
  public var optimizerConfiguration: OptimizerConfiguration {
    OptimizerConfiguration(
      kind: optimizer.kind, learningRate: optimizer.lr,
      momentum: optimizer.kind == .sgd ? optimizer.momentum : 0,
      nesterov: optimizer.kind == .sgd && optimizer.nesterov, weightDecay: optimizer.weightDecay,
      beta1: optimizer.beta1, beta2: optimizer.beta2, epsilon: optimizer.eps,
      decayScope: optimizer.decayScope)
  }

  /// How gradients travel between hosts.
  private var compression: Compression {
    switch parallel.compression {
    case .none: return .none
    case .bf16: return .bf16
    case .fp16: return .fp16
    case .int8: return .int8
    case .topk: return .topK(fraction: parallel.compressionRatio)
    case .powersgd:
      var options = PowerSGD.Options()
      options.rank = parallel.compressionRank
      options.startStep = parallel.compressionStart
      options.minimumRate = parallel.compressionMinRate
      options.seed = UInt64(seed)
      return .powerSGD(options)
    }
  }

  /// How synchronous steps are taken.
  public var dataParallelOptions: DataParallel.Options {
    var options = DataParallel.Options()
    options.update = parallel.update
    options.shardState = parallel.shardState
    options.reduction = parallel.reduction
    options.compression = compression
    options.communicationThread = parallel.communicationThread
    options.virtualShards = parallel.virtualShards
    options.accumulate = train.accumulate
    options.bucketBytes = parallel.bucketBytes ?? SharedMemoryTuning.standard.bucketBytes
    options.clipNorm = train.clipNorm
    options.seed = UInt64(seed)
    // Every rank has built the model from the same seed.
    options.initialValues = .equal
    options.onNaN = train.onNaN
    options.checkEvery = parallel.checkEvery
    return options
  }

  /// How Hogwild's workers share the job.
  public var hogwildOptions: Hogwild.Options {
    var options = Hogwild.Options()
    options.workersPerRank = parallel.workers
    options.seed = UInt64(seed)
    return options
  }

  /// The learning rate of every step of a job of the given length.
  public func learningRateSchedule(steps: Int) -> LearningRateSchedule {
    let shape: LearningRateSchedule.Shape =
      switch schedule.kind {
      case .constant: .constant
      case .step: .step(size: schedule.stepSize, gamma: schedule.gamma)
      case .cosine: .cosine(steps: max(steps - schedule.warmupSteps, 1), minimum: schedule.minLr)
      }
    return LearningRateSchedule(
      shape, base: optimizer.lr, warmupSteps: schedule.warmupSteps)
  }
}

extension Dataset {
  /// The mean loss of a model's outputs: cross-entropy for classes, squared error for values.
  func loss(_ outputs: Tensor, _ targets: Tensor, reduction: LossReduction = .mean) -> Tensor {
    switch targetKind {
    case .classes: crossEntropy(outputs, targets, reduction: reduction)
    case .values: mse(outputs.reshape([outputs.shape[0]]), targets, reduction: reduction)
    case .tokens(let vocabulary):
      crossEntropy(
        outputs.reshape([targets.count, vocabulary.count]), targets.reshape([targets.count]),
        reduction: reduction)
    }
  }
}
