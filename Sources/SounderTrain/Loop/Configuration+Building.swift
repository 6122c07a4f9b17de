import SounderAutograd
import SounderNN

extension Configuration {
  /// The model, with parameters that depend on the seed alone.
  public func makeModel(inputs: Int, outputs: Int) -> Module {
    let model = MLP(
      inputs, hidden: hiddenWidths, outputs, activation: self.model.activation,
      dropout: self.model.dropout, layerNorm: self.model.layerNorm)
    model.initialize(seed: UInt64(seed))
    return model
  }

  /// The widths of the hidden layers; a linear model has none.
  var hiddenWidths: [Int] { model.kind == .linear ? [] : model.hidden }

  /// The optimiser.
  public var optimizerConfiguration: OptimizerConfiguration {
    OptimizerConfiguration(
      kind: optimizer.kind, learningRate: optimizer.lr,
      momentum: optimizer.kind == .sgd ? optimizer.momentum : 0,
      nesterov: optimizer.kind == .sgd && optimizer.nesterov, weightDecay: optimizer.weightDecay,
      beta1: optimizer.beta1, beta2: optimizer.beta2, epsilon: optimizer.eps)
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
    }
  }
}
