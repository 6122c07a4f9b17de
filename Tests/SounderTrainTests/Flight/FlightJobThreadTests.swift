import Foundation
import SounderComm
import Testing

@testable import SounderTrain

@Suite("The flight recorders of a job")
struct FlightJobThreadTests {
  private static func job(_ directory: String, _ overrides: [String]) throws -> TrainingJob {
    let resolved = try ConfigurationReader.read(
      yaml: """
        data: {kind: digits, train_count: 96, test_count: 16}
        model: {hidden: [8]}
        train: {epochs: 2, batch_size: 32, log_every: 4}
        """, overrides: overrides)
    return TrainingJob(
      configuration: resolved, data: try DatasetSplits.load(resolved.configuration),
      runDirectory: directory, style: .json)
  }

  @Test(
    "DA-13: every rank of every job records, on one host or two",
    arguments: [(1, 1, "sync"), (4, 1, "sync"), (4, 2, "sync"), (2, 1, "hogwild")])
  func ends(ranks: Int, hosts: Int, mode: String) throws {
    let scratch = try TemporaryDirectory()
    let directory = RunDirectory(path: "\(scratch.path)/run")
    // Of an earlier run with more ranks.
    try FileManager.default.createDirectory(
      atPath: directory.flight, withIntermediateDirectories: true)
    _ = try scratch.write("run/flight/rank-9.bin", "old")
    let job = try Self.job(directory.path, ["parallel.mode=\(mode)"])
    try ThreadGroup.run(ranks: ranks, hosts: hosts) { _ = try job.run($0) }
    let diagnosis = try Diagnosis(directory)
    #expect(diagnosis.cause == .inOrder)
    #expect(diagnosis.log.problems.isEmpty)
    #expect(diagnosis.pictures.map(\.rank) == Array(0..<ranks))
    #expect(diagnosis.pictures.allSatisfy { $0.record.state == .ended && $0.open.isEmpty })
    // A lock-free rank may have found all tickets taken.
    let steps = diagnosis.pictures.map(\.step)
    #expect(mode == "sync" ? steps == Array(repeating: 6, count: ranks) : steps.contains(6))
  }

  @Test("DA-13: without a place for recorders the job goes on", arguments: [1, 2])
  func unwritable(ranks: Int) throws {
    let scratch = try TemporaryDirectory()
    let directory = RunDirectory(path: "\(scratch.path)/run")
    try FileManager.default.createDirectory(
      atPath: directory.path, withIntermediateDirectories: true)
    _ = try scratch.write("run/flight", "in the way")
    let job = try Self.job(directory.path, [])
    let codes = try ThreadGroup.run(ranks: ranks) { try job.run($0) }
    #expect(codes == Array(repeating: .success, count: ranks))
    #expect(throws: FlightError.self) { try Diagnosis(directory) }
    let warnings = try ThreadGroup.run(ranks: ranks) {
      try FlightRecorder.start(in: directory, $0).warning
    }
    let text = try #require(warnings[0])
    #expect(text.hasPrefix("warning: no flight recorder: \(directory.flight)"))
    #expect(!text.contains("\n"))
  }

  @Test("DA-13: a loss that diverges is in the record of a rank")
  func diverges() throws {
    let scratch = try TemporaryDirectory()
    let directory = RunDirectory(path: "\(scratch.path)/run")
    let thrown = try ThreadGroup.run(ranks: 2) { group in
      let (recorder, _) = try FlightRecorder.start(in: directory, group)
      do {
        try FlightRecorder.noting(recorder) {
          if group.rank == 1 { throw TrainingError.diverged(step: 3, loss: .infinity) }
          throw CommunicationError(.peerFailure(rank: 1), rank: 0, "rank 1 failed")
        }
        return false
      } catch { return true }
    }
    #expect(thrown == [true, true])
    let diagnosis = try Diagnosis(directory)
    #expect(diagnosis.cause == .failed(rank: 1))
    #expect(diagnosis.verdict[1].contains("training diverged"))
    #expect(diagnosis.picture(of: 0)?.waitedFor == 1)
  }
}
