import Foundation
import SounderTrace

@testable import SounderTrain

/// Flight recordings that a test makes up; times are seconds.
final class FlightFixture {
  let scratch: TemporaryDirectory
  let directory: RunDirectory
  let ranks: Int
  private var numbers: [Int: UInt64] = [:]
  private var recorders: [Int: FlightRecorder] = [:]

  /// A process that is no more, on a machine that is not this one.
  static let killed = ProcessIdentity(number: 4_000_000, start: 1, boot: "another")

  init(ranks: Int) throws {
    scratch = try TemporaryDirectory()
    directory = RunDirectory(path: "\(scratch.path)/run")
    self.ranks = ranks
    try FileManager.default.createDirectory(
      atPath: directory.flight, withIntermediateDirectories: true)
  }

  func path(_ rank: Int) -> String { RunDirectory.flightFile(directory.flight, rank: rank) }

  func recorder(
    _ rank: Int, clockOffset: Int64 = 0, process: ProcessIdentity = killed
  ) throws -> FlightRecorder {
    if let recorder = recorders[rank] { return recorder }
    let recorder = try FlightRecorder(
      path: path(rank), rank: rank, ranks: ranks, host: "host\(rank)", clockOffset: clockOffset,
      process: process)
    recorders[rank] = recorder
    return recorder
  }

  /// Writes an event of a rank; it goes on unless it has an end.
  func add(
    _ rank: Int, _ kind: EventKind, _ name: EventName, _ a: Int = 0, _ b: Int = 0,
    from begin: Double, to end: Double? = nil, thread: UInt16 = 0
  ) throws {
    let recorder = try recorder(rank)
    numbers[rank, default: 0] += 1
    var event = Event(
      begin: UInt64(begin * 1e9), end: 0, name: name, sequence: numbers[rank] ?? 0, a: Int64(a),
      b: Int64(b), rank: Int32(rank), thread: thread, kind: kind)
    recorder.begin(event)
    guard let end else { return }
    event.end = UInt64(end * 1e9)
    recorder.end(event)
  }

  func bytes(_ rank: Int) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(rank))))
  }

  func write(_ bytes: [UInt8], _ rank: Int) throws {
    recorders[rank] = nil
    unlink(path(rank))
    try Data(bytes).write(to: URL(fileURLWithPath: path(rank)))
  }

  func diagnosis() throws -> Diagnosis { try Diagnosis(directory) }
}
