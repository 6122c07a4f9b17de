import SounderTrace
import Testing

@testable import SounderTrain

@Suite("The summary of times")
struct TimeSummaryTests {
  private static func ledger(_ compute: UInt64, hidden: UInt64, exposed: UInt64, waiting: UInt64)
    -> TimeLedger
  {
    var ledger = TimeLedger()
    ledger.compute = compute * 1_000_000_000
    ledger.hidden = hidden * 1_000_000_000
    ledger.exposed = exposed * 1_000_000_000
    ledger.waiting = waiting * 1_000_000_000
    ledger.steps = ledger.compute + ledger.hidden + ledger.exposed + ledger.waiting
    return ledger
  }

  private static let summary = TimeSummary(
    ledgers: [
      ledger(6, hidden: 3, exposed: 1, waiting: 0), ledger(4, hidden: 1, exposed: 0, waiting: 5),
    ], waitedFor: [5_000_000_000, 0])

  @Test("DP-02: the overlap is the hidden share of all communication")
  func overlap() {
    #expect(Self.summary.total.overlap == 0.8)
    #expect(Self.summary.json["overlap"] == .number(0.8))
  }

  @Test("DA-10: the straggler is the rank the others were blocked for longest")
  func straggler() {
    #expect(Self.summary.straggler?.rank == 0)
    #expect(Self.summary.straggler?.seconds == 5)
    #expect(Self.summary.json["straggler"] == .integer(0))
    let alone = TimeSummary(ledgers: [TimeLedger()], waitedFor: [0])
    #expect(alone.straggler == nil)
    #expect(alone.json["straggler"] == .null)
  }

  @Test("The table has a line for each rank, their sum and who was late")
  func table() {
    let lines = "\(Self.summary)".split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[1].contains("6.00 s  60.0 %"))
    #expect(lines[2].contains("5.00 s  50.0 %"))
    #expect(lines[4] == "  80.00 % of communication hidden; waited longest for rank 0: 5.00 s")
    #expect(
      "\(TimeSummary(ledgers: [TimeLedger()], waitedFor: [0]))".split(separator: "\n").count == 2)
  }
}
