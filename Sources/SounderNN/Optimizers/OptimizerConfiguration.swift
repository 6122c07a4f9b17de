import SounderArray

/// The optimisers there are.
public enum OptimizerKind: String, Sendable, Hashable, CaseIterable {
  /// Stochastic gradient descent, with momentum (Polyak, 1964) or Nesterov's momentum.
  case sgd
  /// Adam (Kingma and Ba, 2015); weight decay is added to the gradient.
  case adam
  /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
  case adamw
}

/// The parameters that weight decay pulls towards zero.
public enum DecayScope: String, Sendable, Hashable, CaseIterable {
  /// Every parameter.
  case all
  /// Parameters with at least two dimensions: neither biases nor the scales of normalisations.
  case matrices
}

/// An optimiser with its hyperparameters, under PyTorch's names and defaults.
///
/// The learning rate is the base rate; a ``LearningRateSchedule`` turns it into the rate of a step.
public struct OptimizerConfiguration: Sendable, Hashable {
  /// Which optimiser.
  public var kind: OptimizerKind
  /// The base learning rate.
  public var learningRate: Double
  /// The weight of the past in SGD's momentum buffer; 0 keeps no buffer.
  public var momentum: Double
  /// Whether SGD looks ahead by one momentum step.
  public var nesterov: Bool
  /// The strength of the pull towards zero.
  public var weightDecay: Double
  /// The parameters that are pulled.
  public var decayScope: DecayScope
  /// Adam's decay of the running mean of gradients.
  public var beta1: Double
  /// Adam's decay of the running mean of squared gradients.
  public var beta2: Double
  /// What Adam adds to the root of the second moment.
  public var epsilon: Double

  /// An optimiser with every hyperparameter given or defaulted.
  public init(
    kind: OptimizerKind, learningRate: Double = 1e-3, momentum: Double = 0,
    nesterov: Bool = false, weightDecay: Double = 0, beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double = 1e-8, decayScope: DecayScope = .all
  ) {
    self.decayScope = decayScope
    self.kind = kind
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// Stochastic gradient descent.
  public static func sgd(
    learningRate: Double, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0
  ) -> Self {
    Self(
      kind: .sgd, learningRate: learningRate, momentum: momentum, nesterov: nesterov,
      weightDecay: weightDecay)
  }

  /// Adam.
  public static func adam(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) -> Self {
    Self(
      kind: .adam, learningRate: learningRate, weightDecay: weightDecay, beta1: beta1,
      beta2: beta2, epsilon: epsilon)
  }

  /// Adam with decoupled weight decay.
  public static func adamW(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0.01, decayScope: DecayScope = .all
  ) -> Self {
    Self(
      kind: .adamw, learningRate: learningRate, weightDecay: weightDecay, beta1: beta1,
      beta2: beta2, epsilon: epsilon, decayScope: decayScope)
  }

  /// The same optimiser without weight decay, for parameters that are not pulled.
  var withoutDecay: Self {
    var copy = self
    copy.weightDecay = 0
    return copy
  }

  /// Whether a parameter of the given shape is pulled towards zero.
  public func decays(_ shape: Shape) -> Bool { decayScope == .all || shape.count >= 2 }

  /// How many numbers the optimiser remembers for each parameter.
  public var stateSlotCount: Int {
    switch kind {
    case .sgd: momentum == 0 ? 0 : 1
    case .adam, .adamw: 2
    }
  }

  /// The names of the remembered numbers, as PyTorch's state dictionaries spell them.
  public var stateSlotNames: [String] {
    switch kind {
    case .sgd: momentum == 0 ? [] : ["momentum_buffer"]
    case .adam, .adamw: ["exp_avg", "exp_avg_sq"]
    }
  }
}
