import Foundation
import SounderComm

extension FlightRecorder {
  /// Opens the recorders of all ranks in the directory that rank 0 names; a collective over all ranks.
  ///
  /// Where that is impossible, on a full disk for example, the job goes on without.
  /// - Returns: the recorder of this rank, if it has one, and a warning for rank 0 to tell.
  /// - Throws: ``CommunicationError``.
  package static func start(
    in directory: RunDirectory, _ group: any ProcessGroup
  ) throws -> (recorder: FlightRecorder?, warning: String?) {
    // The name may hold a time, which differs between ranks.
    let folder = try group.allGather(text: directory.flight)[0]
    var failure = ""
    if group.topology.localRank == 0 {
      do throws(FileError) { try prepare(folder) } catch { failure = "\(error)" }
    }
    // From here on no rank removes files.
    let clock = try ClockAlignment.sample(group)
    var recorder: FlightRecorder?
    if failure.isEmpty {
      do throws(FileError) {
        recorder = try FlightRecorder(
          path: RunDirectory.flightFile(folder, rank: group.rank), rank: group.rank,
          ranks: group.size, host: group.topology.hostName, clockOffset: clock.offset)
      } catch { failure = "\(error)" }
    }
    let failures = try group.allGather(text: failure).filter { !$0.isEmpty }
    guard let first = failures.first else { return (recorder, nil) }
    let others = failures.count > 1 ? " (and on \(failures.count - 1) more ranks)" : ""
    let what = first.replacingOccurrences(of: ": error: ", with: ": ")
    return (
      recorder,
      "warning: no flight recorder: \(what)\(others); the job goes on without, and sounder diagnose will not have it"
    )
  }

  /// Makes the directory and removes what an earlier run has left there.
  private static func prepare(_ folder: String) throws(FileError) {
    try RunDirectory.makeDirectories(folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where RunDirectory.rank(ofFlightFile: name) != nil {
      unlink("\(folder)/\(name)")
    }
  }

  /// Runs a rank's work and notes how it ended.
  static func noting<Result>(
    _ recorder: FlightRecorder?, _ body: () throws -> Result
  ) throws -> Result {
    do {
      let result = try body()
      recorder?.finish(.ended)
      return result
    } catch {
      recorder?.finish(error)
      throw error
    }
  }

  /// Notes an error: the rank's own, or one that another rank has brought about.
  private func finish(_ error: any Error) {
    let communication = error as? CommunicationError
    let text = communication?.message ?? "\(error)"
    switch communication?.kind {
    case .timeout(let missing): finish(.gaveUp, text, blaming: missing.first)
    case .peerFailure(let rank): finish(.gaveUp, text, blaming: rank)
    case .mpi: finish(.gaveUp, text)
    case .mismatch, .system, .launch, nil: finish(.failed, text)
    }
  }
}
