import ArgumentParser
import Foundation

/// The command line program.
@main
struct SounderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sounder",
    abstract: "Trains models on CPUs, by one process, many ranks, or lock-free workers.",
    version: Version.text,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, ReportCommand.self, DiagnoseCommand.self,
      GenerateCommand.self, ConfigCommand.self, BenchCommand.self, SimulateCommand.self,
      OpcheckCommand.self,
      OpsCommand.self, DoctorCommand.self,
    ])

  static func main() {
    // A reader of the output that goes away must not cost the run.
    signal(SIGPIPE, SIG_IGN)
    let command: any ParsableCommand
    do { command = try parseAsRoot() } catch { exit(withError: error) }
    Failure.exitOnError { [command] in
      var command = command
      try command.run()
    }
  }
}
