import SounderTrace

/// What a rank was doing at a moment, as far as its record tells.
struct RankPicture {
  let record: FlightRecord
  /// The events that had begun; those that ended later count as open.
  let events: [FlightEvent]
  /// The spans of the thread that trains which were open, the innermost first.
  let open: [FlightEvent]
  /// What has become of the process; nil for ranks that came to an end, or of another machine.
  let fate: ProcessIdentity.Fate?
  /// The last time of which it tells.
  let lastSign: Int64?

  /// The picture at a time of rank 0's clock; at the end of the record without one.
  init(_ record: FlightRecord, at moment: Int64?) {
    self.record = record
    var events = record.events
    if let moment {
      events = events.filter { $0.begin <= moment }
      for index in events.indices where (events[index].end ?? 0) > moment {
        events[index].end = nil
      }
    }
    self.events = events
    let spans = events.filter { $0.end == nil && !$0.isAsynchronous }
    // Where lock-free workers train, the newest of them stands for the rank.
    let thread = spans.contains { $0.thread == 0 } ? 0 : spans.last { $0.kind != .data }?.thread
    open = spans.filter { $0.thread == thread }.reversed()
    fate = record.state == .running ? record.process.fate : nil
    let stateTime = record.stateTime.flatMap { $0 <= moment ?? .max ? $0 : nil }
    lastSign = [events.map(\.lastTime).max(), stateTime].compactMap { $0 }.max()
  }

  var rank: Int { record.rank }

  /// The rank it waited for; nil if it did not wait, or did not know for whom.
  var waitedFor: Int? {
    switch record.state {
    case .ended, .failed: nil
    case .gaveUp where !isBlamedByItself: record.blamed
    case .gaveUp, .running:
      open.first { $0.kind == .wait }.flatMap {
        (0..<record.ranks).contains($0.b) && $0.b != rank ? $0.b : nil
      }
    }
  }

  /// Whether it came back after the others had given up on it, and learned that.
  var isBlamedByItself: Bool { record.state == .gaveUp && record.blamed == rank }

  /// Whether it was inside an operation that other ranks can keep from ending.
  var isBlocked: Bool {
    open.contains { [.wait, .collective, .message, .mpi, .network].contains($0.kind) }
  }

  /// The last collective that it began.
  var lastCollective: FlightEvent? { events.last { $0.kind == .collective && $0.ordinal > 0 } }

  /// What it was doing, from the inside out.
  var doing: [String] {
    if record.state == .ended { return [] }
    let words = open.map(\.summary)
    if open.contains(where: { $0.kind == .step }) { return words }
    if let last = lastStep { return words + ["after \(last.summary)"] }
    // So much has happened in the step that its begin is not in the ring any more.
    if record.step > 0 { return words + ["step \(record.step)"] }
    return words.isEmpty ? [events.last.map { "after \($0.summary)" } ?? "nothing yet"] : words
  }

  /// The step in which it was, or the last one, counted from 1.
  var step: Int { lastStep?.a ?? record.step }

  private var lastStep: FlightEvent? { events.last { $0.kind == .step } }

  /// The state in words.
  var stateName: String {
    switch record.state {
    case .ended: "ended"
    case .failed: "failed"
    case .gaveUp: "gave up"
    case .running: fate.map { $0 == .gone ? "no end" : $0.rawValue } ?? "no end"
    }
  }

  /// The rank with its place in the world.
  var place: String { "rank \(rank) (host \(record.host), pid \(record.process.number))" }
}
