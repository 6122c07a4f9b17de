/// The schedules a configuration can name.
public enum ScheduleKind: String, Sendable, CaseIterable {
  /// The learning rate does not change.
  case constant
  /// The learning rate is multiplied by a factor every so many steps.
  case step
  /// The learning rate falls along half a cosine to its lowest value.
  case cosine
}

/// The `schedule` section: how the learning rate changes over the steps.
public struct ScheduleSection: Sendable, Equatable {
  /// The shape.
  public var kind = ScheduleKind.constant
  /// Steps over which the rate rises from zero.
  public var warmupSteps = 0
  /// Steps between two reductions (`step`).
  public var stepSize = 1_000
  /// The factor of one reduction (`step`).
  public var gamma = 0.1
  /// The rate at the end (`cosine`).
  public var minLr = 0.0

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .choice("kind", \.kind, "The shape.", synonyms: ["type", "name", "schedule"]),
    .integer(
      "warmup_steps", \.warmupSteps, in: 0...Int.max, "Steps over which the rate rises from zero.",
      synonyms: ["warmup"]),
    .integer("step_size", \.stepSize, in: 1...Int.max, "Steps between two reductions (step)."),
    .number("gamma", \.gamma, .factor, "Factor of one reduction (step).", synonyms: ["factor"]),
    .number(
      "min_lr", \.minLr, .nonNegative, "The rate at the end (cosine).",
      synonyms: ["eta_min", "end_lr"]),
  ]
}
