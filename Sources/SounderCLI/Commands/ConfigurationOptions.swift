import ArgumentParser
import Sounder

/// A configuration file with changes to its values, as several commands take it.
struct ConfigurationOptions: ParsableArguments {
  @Argument(
    help: "The configuration, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var config: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Changes one value, as in optimizer.lr=0.1; may be given many times.",
      valueName: "key=value"))
  var overrides: [String] = []

  /// The valid configuration; its warnings are written to standard error.
  func resolve() throws -> ResolvedConfiguration {
    let resolved = try ConfigurationReader.read(file: config, overrides: overrides)
    Failure.report(warnings: resolved.warnings)
    return resolved
  }
}
