import Foundation
import SounderComm
import SounderTrace

/// Where the time of every rank's steps went, known to all ranks.
public struct TimeSummary: Sendable, Equatable {
  /// The times of the ranks, in the order of the ranks.
  public let ledgers: [TimeLedger]
  /// For every rank the nanoseconds that all others together were blocked until it arrived.
  public let waitedFor: [UInt64]

  init(ledgers: [TimeLedger], waitedFor: [UInt64]) {
    self.ledgers = ledgers
    self.waitedFor = waitedFor
  }

  /// Brings the ledgers of all ranks together; a collective over all ranks.
  /// - Throws: ``CommunicationError``.
  init(_ recorder: Recorder, _ group: any ProcessGroup) throws {
    let ledger = recorder.ledger
    let own =
      [
        ledger.steps, ledger.compute, ledger.hidden, ledger.exposed, ledger.waiting, ledger.data,
        ledger.background,
      ] + recorder.waitedFor
    var all = Array(repeating: UInt64(0), count: own.count * group.size)
    try own.withUnsafeBytes { input in
      try all.withUnsafeMutableBytes { try group.allGather(input, into: $0) }
    }
    let width = own.count
    ledgers = (0..<group.size).map { rank in
      let part = Array(all[rank * width..<(rank + 1) * width])
      var ledger = TimeLedger()
      (ledger.steps, ledger.compute, ledger.hidden) = (part[0], part[1], part[2])
      (ledger.exposed, ledger.waiting, ledger.data) = (part[3], part[4], part[5])
      ledger.background = part[6]
      return ledger
    }
    waitedFor = (0..<group.size).map { rank in
      (0..<group.size).reduce(0) { $0 + ($1 == rank ? 0 : all[$1 * width + 7 + rank]) }
    }
  }

  /// The sum over all ranks.
  public var total: TimeLedger { ledgers.reduce(TimeLedger(), +) }

  /// The rank the others were blocked for longest, and for how many seconds; nil if nobody waited.
  public var straggler: (rank: Int, seconds: Double)? {
    guard let rank = waitedFor.indices.max(by: { waitedFor[$0] < waitedFor[$1] }),
      waitedFor[rank] > 0
    else { return nil }
    return (rank, Self.seconds(waitedFor[rank]))
  }

  /// The result as a member of `summary.json`.
  public var json: JSONObject {
    [
      "overlap": total.overlap.map(JSONValue.number) ?? .null,
      "straggler": straggler.map { .integer($0.rank) } ?? .null,
      "straggler_seconds": straggler.map { .number($0.seconds) } ?? .null,
      "ranks": .array(
        ledgers.enumerated().map { rank, ledger in
          [
            "rank": .integer(rank), "step_seconds": .number(Self.seconds(ledger.steps)),
            "compute_seconds": .number(Self.seconds(ledger.compute)),
            "hidden_seconds": .number(Self.seconds(ledger.hidden)),
            "exposed_seconds": .number(Self.seconds(ledger.exposed)),
            "waiting_seconds": .number(Self.seconds(ledger.waiting)),
            "data_seconds": .number(Self.seconds(ledger.data)),
            "background_seconds": .number(Self.seconds(ledger.background)),
            "waited_for_seconds": .number(Self.seconds(waitedFor[rank])),
          ]
        }),
    ]
  }

  private static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
}

extension TimeSummary: CustomStringConvertible {
  /// The most ranks that have a line each; of more only the sum is told.
  private static let mostLines = 16

  /// A table for people, one line a rank, and who kept the others waiting.
  public var description: String {
    let columns = ["compute", "hidden", "exposed", "waiting", "data"]
    var lines = ["time in steps" + columns.map { Self.right($0, 17) }.joined()]
    if ledgers.count <= Self.mostLines {
      for (rank, ledger) in ledgers.enumerated() { lines.append(Self.line("rank \(rank)", ledger)) }
    }
    if ledgers.count > 1 { lines.append(Self.line("all", total)) }
    if let last { lines.append(last) }
    return lines.joined(separator: "\n")
  }

  private var last: String? {
    guard ledgers.count > 1 else { return nil }
    let overlap =
      total.overlap.map { "\(ProgressFormat.percent($0)) of communication hidden" }
      ?? "no communication"
    let late =
      straggler.map {
        "waited longest for rank \($0.rank): \(Self.fixed($0.seconds, 2)) s"
      } ?? "nobody waited"
    return "  \(overlap); \(late)"
  }

  private static func line(_ name: String, _ ledger: TimeLedger) -> String {
    let parts = [ledger.compute, ledger.hidden, ledger.exposed, ledger.waiting, ledger.data]
    let cells = parts.map { part -> String in
      let share = Double(part) / Double(max(ledger.steps, 1)) * 100
      return right("\(fixed(seconds(part), 2)) s \(right(fixed(share, 1), 5)) %", 17)
    }
    return left("  \(name)", 13) + cells.joined()
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }
}
