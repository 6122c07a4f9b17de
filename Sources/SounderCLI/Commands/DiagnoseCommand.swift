import ArgumentParser
import Sounder

/// `sounder diagnose`: which rank stopped a run, and where.
struct DiagnoseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose", abstract: "Says which rank stopped a run, and where.",
    discussion: """
      Every rank of sounder train keeps its last 2,000 events in flight/rank-N.bin of the run's \
      directory, also when it is killed. This reads what is there, of a run that crashed, hangs or \
      has ended.
      """)

  @Argument(help: "The directory of a run.", completion: .directory)
  var runDir: String

  @Option(help: "How many of the last events of each rank to show.")
  var events = 5

  @Flag(help: "Writes one JSON object.")
  var json = false

  func validate() throws {
    guard (0...2000).contains(events) else {
      throw ValidationError("--events must be from 0 to 2000, not \(events).")
    }
  }

  func run() throws {
    let diagnosis = try Diagnosis(RunDirectory(path: runDir), eventCount: events)
    print(json ? diagnosis.json.compact : "\(diagnosis)")
  }
}
