import SounderComm
import SounderTrace

/// The trace of a job on one rank: keeps the events of a window of steps, then brings those of all ranks
/// together in one file.
final class JobTrace: Sendable {
  let window: TraceWindow
  private let recorder: Recorder
  private let lastStep: Int
  private let began: ClockAlignment.Sample

  /// Begins; a collective over all ranks, which compare their clocks.
  /// - Throws: ``CommunicationError``.
  init(
    window: TraceWindow, stepCount: Int, recorder: Recorder, group: any ProcessGroup
  ) throws {
    self.window = window
    self.recorder = recorder
    lastStep = stepCount
    began = try ClockAlignment.sample(group)
  }

  /// Says that this thread is about to begin a step, counted from 1.
  func enter(step: Int) {
    recorder.setTracing(window.steps.contains(step))
  }

  /// Says that the steps of the job are over; a window that has the last one keeps what follows.
  func leave() {
    if window.steps.upperBound < lastStep { recorder.setTracing(false) }
  }

  /// Joins what all ranks have kept into one file, written by rank 0; a collective over all ranks.
  /// - Returns: the number of events and of those that did not fit; on rank 0 only.
  /// - Throws: ``CommunicationError``, ``FileError``.
  func write(to path: String, _ group: any ProcessGroup) throws -> (events: Int, dropped: Int)? {
    recorder.setTracing(false)
    let clocks = ClockAlignment(first: began, last: try ClockAlignment.sample(group))
    let own = RankTrace(recorder, host: group.topology.hostName, clocks: clocks)
    var origin = own.begin ?? .max
    try withUnsafeMutableBytes(of: &origin) { try group.allReduce($0, .int64, .min) }
    guard group.rank == 0 else {
      try Self.send(own, group)
      return nil
    }
    var counts = (events: 0, dropped: 0)
    var failure: (any Error)?
    do throws(FileError) {
      try AtomicFile.write(to: path) { file throws(FileError) in
        var writer = ChromeTraceWriter(file, origin: origin == .max ? 0 : origin)
        try writer.write(own)
        for rank in 1..<max(group.size, 1) {
          let other: RankTrace
          do { other = try Self.receive(from: rank, group) } catch {
            failure = error
            throw FileError("merge the traces", path, reason: "\(error)")
          }
          try writer.write(other)
        }
        try writer.finish([
          "steps": .string("\(window)"), "ranks": .integer(group.size),
          "dropped_events": .integer(writer.droppedCount),
        ])
        counts = (writer.eventCount, writer.droppedCount)
      }
    } catch { throw failure ?? error }
    return counts
  }

  private static let tag = 0x7C11

  private static func send(_ trace: RankTrace, _ group: any ProcessGroup) throws {
    let bytes = trace.bytes
    try withUnsafeBytes(of: Int64(bytes.count)) { try group.send($0, to: 0, tag: tag) }
    try bytes.withUnsafeBytes { try group.send($0, to: 0, tag: tag) }
  }

  private static func receive(from rank: Int, _ group: any ProcessGroup) throws -> RankTrace {
    var count: Int64 = 0
    try withUnsafeMutableBytes(of: &count) { try group.receive($0, from: rank, tag: tag) }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    try bytes.withUnsafeMutableBytes { try group.receive($0, from: rank, tag: tag) }
    guard let trace = RankTrace(bytes) else {
      throw CommunicationError(.mismatch, rank: 0, "rank \(rank) sent a trace that cannot be read")
    }
    return trace
  }
}
