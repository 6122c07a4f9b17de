import ArgumentParser
import Foundation
import Sounder

/// `sounder evaluate`: judges the model of an earlier run.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Judges the model of a run by the test data of its job.")

  @Argument(help: "The directory of the run.", completion: .directory)
  var runDir: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Changes one value of the run's configuration, such as data.path=….", valueName: "key=value"))
  var overrides: [String] = []

  @Flag(help: "Writes one JSON line.")
  var json = false

  mutating func run() throws {
    let directory = RunDirectory(path: runDir)
    guard FileManager.default.fileExists(atPath: directory.configuration) else {
      throw DataError(
        kind: .missing, path: directory.configuration, problem: "no such file",
        advice: "give the directory of a run, as train has printed it")
    }
    let resolved = try ConfigurationReader.read(
      file: directory.configuration, overrides: overrides)
    let result = try EvaluationJob(configuration: resolved.configuration, directory: directory)
      .run()
    print(json ? JSONValue.object(result.json).compact : result.description)
  }
}
