/// The `run` section: where the results go.
public struct RunSection: Sendable, Equatable {
  /// The directory of the results; nil means `runs/<configuration>-<time>`.
  public var dir: String?

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .string(
      "dir", \.dir, "Directory of the results; null is runs/<configuration>-<time>.",
      synonyms: ["directory", "path", "output_dir", "run_dir"])
  ]
}
