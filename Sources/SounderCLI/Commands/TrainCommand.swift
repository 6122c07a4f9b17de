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

  @Flag(
    help: ArgumentHelp(
      "Prints the resolved configuration, the size of the job and the memory it needs, and stops.",
      discussion: "Takes a few steps as one of the ranks would, to measure what they need."))
  var dryRun = false

  @Option(help: "With --dry-run: plans for this many ranks, which are processes.")
  var ranks: Int?

  @Option(help: "With --dry-run: plans for ranks spread evenly over this many hosts.")
  var hosts: Int?

  @Flag(help: "Writes trace.json: what every rank did in some steps, for Perfetto.")
  var trace = false

  @Option(help: "The steps to trace, counted from 1 (10..20; without it ten after the first ten).")
  var traceSteps: String?

  @Flag(help: "Writes JSON lines to standard output, and messages to standard error.")
  var json = false

  func validate() throws {
    if let ranksInProcess, !(1...256).contains(ranksInProcess) {
      throw ValidationError("--ranks-in-process must be from 1 to 256, not \(ranksInProcess).")
    }
    guard dryRun || (ranks ?? hosts) == nil else {
      throw ValidationError("--ranks and --hosts belong to --dry-run; mpirun starts ranks.")
    }
    if let ranks, !(1...1_000_000).contains(ranks) {
      throw ValidationError("--ranks must be from 1 to 1000000, not \(ranks).")
    }
    if let hosts, !(1...(ranks ?? 1)).contains(hosts) {
      throw ValidationError("--hosts must be from 1 to the number of --ranks, not \(hosts).")
    }
    if ranks != nil, ranksInProcess != nil {
      throw ValidationError(
        "--ranks plans for processes, --ranks-in-process for threads; give one.")
    }
  }

  mutating func run() throws {
    if !dryRun { try Ranks.refuseMistakes(inProcess: ranksInProcess) }
    if trace || traceSteps != nil { options.overrides.append("run.trace=true") }
    if let traceSteps { options.overrides.append("run.trace_steps=\(traceSteps)") }
    let resolved = try options.resolve()
    if dryRun {
      return try DryRun(resolved: resolved, placement: try placement(), json: json).run()
    }
    let data = try DatasetSplits.load(resolved.configuration)
    StopSignal.install()
    let job = TrainingJob(
      configuration: resolved, data: data,
      runDirectory: RunDirectory.path(option: runDir, configuration: resolved),
      command: CommandLine.arguments, style: json ? .json : .text)
    let code = try Ranks.run(
      inProcess: ranksInProcess, timeout: resolved.configuration.parallel.timeout,
      stallWarning: resolved.configuration.parallel.stallWarning
    ) { group in try job.run(group) }
    try Failure.finish(with: code)
  }

  /// Where the ranks of a dry run would be: as the options say, or as a launcher has started them.
  private func placement() throws -> JobPlacement {
    if let ranks { return .processes(ranks: ranks, hosts: hosts ?? 1) }
    if let ranksInProcess, ranksInProcess > 1 { return .threads(ranksInProcess) }
    guard let launched = try LauncherEnvironment.detect(), let size = launched.size else {
      return .alone
    }
    let perHost = max(launched.localSize ?? size, 1)
    return .processes(ranks: size, hosts: (size + perHost - 1) / perHost)
  }
}
