import ArgumentParser
import Foundation
import Sounder

/// `sounder train`: trains the model that a configuration describes.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains the model that a configuration describes.",
    discussion: """
      Alone, under mpirun, or with --ranks-in-process on several threads that act as ranks. The run's
      directory receives config.yaml, metrics.jsonl, summary.json and model.safetensors.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "Where the results go; files of an earlier run there are replaced.")
  var runDir: String?

  @Option(help: "Trains with this many ranks as threads of one process.")
  var ranksInProcess: Int?

  @Flag(help: "Prints the resolved configuration and the size of the job, and stops.")
  var dryRun = false

  @Flag(help: "Writes JSON lines to standard output, and messages to standard error.")
  var json = false

  func validate() throws {
    if let ranksInProcess, !(1...256).contains(ranksInProcess) {
      throw ValidationError("--ranks-in-process must be from 1 to 256, not \(ranksInProcess).")
    }
  }

  mutating func run() throws {
    let resolved = try options.resolve()
    let data = try DatasetSplits.load(resolved.configuration)
    if dryRun {
      let plan = try JobPlan(resolved.configuration, data)
      print(resolved.yaml(origins: true) + "\n" + plan.description, terminator: "")
      return
    }
    StopSignal.install()
    let job = TrainingJob(
      configuration: resolved, data: data,
      runDirectory: RunDirectory.path(option: runDir, configuration: resolved),
      command: CommandLine.arguments, style: json ? .json : .text)
    let code = try Ranks.run(
      inProcess: ranksInProcess, timeout: resolved.configuration.parallel.timeout
    ) { group in try job.run(group) }
    try Failure.finish(with: code)
  }
}
