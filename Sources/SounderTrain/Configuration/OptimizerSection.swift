import SounderNN

/// The `optimizer` section: how gradients change parameters.
public struct OptimizerSection: Sendable, Equatable {
  /// The algorithm.
  public var kind = OptimizerKind.sgd
  /// The learning rate before the schedule's factor.
  public var lr = 0.05
  /// SGD's momentum.
  public var momentum = 0.0
  /// Whether SGD looks ahead along its momentum.
  public var nesterov = false
  /// The pull of every parameter towards zero.
  public var weightDecay = 0.0
  /// The parameters that are pulled.
  public var decayScope = DecayScope.all
  /// Adam's decay of the mean of gradients.
  public var beta1 = 0.9
  /// Adam's decay of the mean of squared gradients.
  public var beta2 = 0.999
  /// The constant that keeps Adam's division finite.
  public var eps = 1e-8

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .choice(
      "kind", \.kind, "The algorithm.", synonyms: ["type", "name", "algorithm", "optimizer"]),
    .number(
      "lr", \.lr, .positive, "Learning rate, before the schedule's factor.",
      synonyms: ["learning_rate", "learningRate", "rate", "step_size"]),
    .number("momentum", \.momentum, .fraction, "Momentum of sgd.", synonyms: ["mu"]),
    .flag("nesterov", \.nesterov, "Looks ahead along the momentum (sgd)."),
    .number(
      "weight_decay", \.weightDecay, .nonNegative,
      "Pull towards zero: L2 (sgd, adam) or decoupled (adamw).", synonyms: ["wd", "l2", "decay"]),
    .choice(
      "decay_scope", \.decayScope,
      "What weight_decay acts on: all parameters, or matrices but not vectors.",
      synonyms: ["decay_on", "no_decay"]),
    .number("beta1", \.beta1, .fraction, "Decay of the mean of gradients (adam, adamw)."),
    .number("beta2", \.beta2, .fraction, "Decay of the mean of squared gradients (adam, adamw)."),
    .number(
      "eps", \.eps, .positive, "Keeps the division of adam and adamw finite.",
      synonyms: ["epsilon"]),
  ]
}
