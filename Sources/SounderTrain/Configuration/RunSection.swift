/// The `run` section: where the results go.
public struct RunSection: Sendable, Equatable {
  /// The directory of the results; nil means `runs/<configuration>-<time>`.
  public var dir: String?
  /// Whether a trace of some steps is written.
  public var trace = false
  /// The steps of the trace, `10..20`; nil means ten after the first ten.
  public var traceSteps: String?

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .string(
      "dir", \.dir, "Directory of the results; null is runs/<configuration>-<time>.",
      synonyms: ["directory", "path", "output_dir", "run_dir"]),
    .flag(
      "trace", \.trace,
      "Writes trace.json: what every rank did in some steps, for Perfetto and sounder report.",
      synonyms: ["profile", "timeline"]),
    .string(
      "trace_steps", \.traceSteps,
      "Steps of the trace, counted from 1, both ends included (10..20); null is 11..20.",
      synonyms: ["profile_steps"]),
  ]
}
