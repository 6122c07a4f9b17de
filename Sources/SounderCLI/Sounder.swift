import ArgumentParser

/// The command line program.
@main
struct SounderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sounder")
}
