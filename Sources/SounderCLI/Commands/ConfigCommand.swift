import ArgumentParser
import Sounder

/// `sounder config`: what a configuration says, whether it is right, and what it may say.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Shows and checks configurations.",
    subcommands: [Print.self, Validate.self, Schema.self])

  /// `sounder config print`.
  struct Print: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints every value with its origin: the default, a line of the file, or --set.")

    @OptionGroup var options: ConfigurationOptions

    mutating func run() throws {
      print(try options.resolve().yaml(origins: true), terminator: "")
    }
  }

  /// `sounder config validate`.
  struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Reports everything that is wrong with a configuration; exit code 78 if anything is.")

    @OptionGroup var options: ConfigurationOptions

    mutating func run() throws {
      let resolved = try options.resolve()
      print("\(resolved.path): valid")
    }
  }

  /// `sounder config schema`.
  struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the JSON Schema of configurations, for editors.")

    mutating func run() throws {
      print(Configuration.schema.jsonSchema.pretty, terminator: "")
    }
  }
}
