import SounderParallel

/// The `train` section: how long and how often.
public struct TrainSection: Sendable, Equatable {
  /// How often every sample is visited.
  public var epochs = 5
  /// Samples per step, over all ranks.
  public var batchSize = 64
  /// Batches whose gradients are added up before an update; each rank runs that many backward passes.
  public var accumulate = 1
  /// An upper limit on the number of steps.
  public var maxSteps: Int?
  /// Steps between two lines of metrics.
  public var logEvery = 50
  /// The largest norm of the gradient; nil leaves gradients as they are.
  public var clipNorm: Double?
  /// Epochs between two evaluations; 0 evaluates only at the end.
  public var evaluateEvery = 1
  /// Steps between two evaluations, besides those between epochs.
  public var evaluateSteps: Int?
  /// What becomes of a step with a loss or gradient that is no finite number.
  public var onNaN = NonFinitePolicy.abort

  /// The defaults.
  public init() {}

  /// The samples of one update, over all ranks.
  public var samplesPerStep: Int { batchSize * accumulate }

  static let fields: [ConfigurationField<Self>] = [
    .integer(
      "epochs", \.epochs, in: 1...1_000_000, "How often every sample is visited.",
      synonyms: ["num_epochs", "max_epochs"]),
    .integer(
      "batch_size", \.batchSize, in: 1...1_000_000, "Samples per step, over all ranks.",
      synonyms: ["batch", "global_batch_size", "bs"]),
    .integer(
      "accumulate", \.accumulate, in: 1...4_096,
      "Batches of batch_size whose gradients make one update: as one batch that much larger, in the memory of "
        + "a small one.",
      synonyms: ["accumulate_steps", "gradient_accumulation_steps", "accumulate_grad_batches"]),
    .integer(
      "max_steps", \.maxSteps, in: 1...Int.max, or: nil,
      "Ends training after this many steps, whatever epochs says.", synonyms: ["steps"]),
    .integer(
      "log_every", \.logEvery, in: 1...Int.max, "Steps between two lines of metrics.",
      synonyms: ["log_interval", "log_every_n_steps"]),
    .number(
      "clip_norm", \.clipNorm, .positive, "Largest norm of the gradient; null turns clipping off.",
      synonyms: ["grad_clip", "gradient_clip", "max_grad_norm", "clip_grad_norm"]),
    .integer(
      "evaluate_every", \.evaluateEvery, in: 0...Int.max,
      "Epochs between two evaluations; 0 evaluates only at the end.",
      synonyms: ["eval_every", "eval_epochs"]),
    .integer(
      "evaluate_steps", \.evaluateSteps, in: 1...Int.max, or: nil,
      "Steps between two evaluations within an epoch; null evaluates between epochs only.",
      synonyms: ["eval_steps", "eval_interval"]),
    .choice(
      "on_nan", \.onNaN,
      "What becomes of a sync step with an infinite loss or gradient, or one that is no number: abort "
        + "ends the job and names the rank and the parameter, skip leaves the step out.",
      synonyms: ["skip_nan", "nan_policy"]),
  ]
}
