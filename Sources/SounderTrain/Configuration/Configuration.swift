/// A training job, completely described.
///
/// Every property has a default, so `Configuration()` is itself a job: it trains a perceptron on
/// digits that the program draws.
public struct Configuration: Sendable, Equatable {
  /// The version of the schema.
  public var version = 1
  /// The seed of all random numbers.
  public var seed = 0
  /// What is trained.
  public var model = ModelSection()
  /// What it learns from.
  public var data = DataSection()
  /// How long and how often.
  public var train = TrainSection()
  /// How gradients change parameters.
  public var optimizer = OptimizerSection()
  /// How the learning rate changes.
  public var schedule = ScheduleSection()
  /// How ranks and workers share the work.
  public var parallel = ParallelSection()
  /// Where the results go.
  public var run = RunSection()

  /// The defaults.
  public init() {}

  /// The schema of a configuration file.
  public static let schema = ConfigurationSchema<Configuration>(
    defaults: Configuration(),
    fields: [
      .integer("version", \.version, in: 1...1, "Version of the schema."),
      .integer(
        "seed", \.seed, in: 0...Int.max, "Seed of all random numbers.",
        synonyms: ["random_seed"]),
    ],
    sections: [
      .init("model", \.model, ModelSection.fields, "What is trained."),
      .init("data", \.data, DataSection.fields, "What the model learns from."),
      .init("train", \.train, TrainSection.fields, "How long and how often."),
      .init(
        "optimizer", \.optimizer, OptimizerSection.fields,
        "How gradients change parameters."),
      .init(
        "schedule", \.schedule, ScheduleSection.fields, "How the learning rate changes."),
      .init(
        "parallel", \.parallel, ParallelSection.fields,
        "How ranks and workers share the work."),
      .init("run", \.run, RunSection.fields, "Where the results go."),
    ])
}
