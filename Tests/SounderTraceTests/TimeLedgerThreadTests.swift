import CKernels
import Foundation
import Testing

@testable import SounderTrace

@Suite("Where the time of a rank goes")
struct TimeLedgerThreadTests {
  /// Takes about this long.
  private func work(_ microseconds: UInt64) {
    let end = ck_monotonic_nanoseconds() + microseconds * 1000
    while ck_monotonic_nanoseconds() < end {}
  }

  @Test("DP-02: communication in the backward pass is hidden, after it exposed, and parts add up")
  func shares() {
    let recorder = Recorder(rank: 0, ranks: 2)
    recorder.attach("main") {
      Trace.span(.collective, "before all steps") { work(500) }
      Trace.span(.step, "step", 1) {
        Trace.span(.data, "batch") { work(300) }
        Trace.span(.forward, "forward") { work(1000) }
        Trace.span(.backward, "backward") {
          work(700)
          Trace.span(.bucketReduce, "bucket", 0) { work(400) }
        }
        Trace.span(.bucketReduce, "bucket", 1) {
          work(200)
          Trace.span(.wait, "rank 1") { work(600) }
        }
        Trace.span(.bucketUpdate, "update") { work(100) }
      }
    }
    let ledger = recorder.ledger
    #expect(
      ledger.compute + ledger.hidden + ledger.exposed + ledger.waiting + ledger.data
        == ledger.steps)
    #expect(ledger.compute >= 1_800_000)
    #expect(ledger.hidden >= 400_000)
    #expect(ledger.exposed >= 200_000)
    #expect(ledger.waiting >= 600_000)
    #expect(ledger.data >= 300_000)
    // Loads of the machine stretch everything, but a span's time cannot be in two places.
    #expect(ledger.steps >= 3_300_000)
    #expect(ledger.background == 0)
    let overlap = Double(ledger.hidden) / Double(ledger.hidden + ledger.exposed)
    #expect(ledger.overlap == overlap)
  }

  @Test("DP-02: a transfer in flight is hidden as far as nobody stands still for it")
  func inFlight() {
    let recorder = Recorder(rank: 0, ranks: 2)
    recorder.attach("main") {
      Trace.span(.step, "step", 1) {
        let flight = Trace.beginInFlight(.network, "bucket 0", 0, 4096)
        let second = Trace.beginInFlight(.network, "bucket 1", 1, 4096)
        work(1000)
        Trace.span(.network, "wait for bucket 0") { work(400) }
        Trace.end(flight)
        Trace.end(second)
      }
    }
    let ledger = recorder.ledger
    #expect(ledger.background >= 1_000_000)
    #expect(ledger.background + ledger.exposed <= ledger.steps)
    #expect(ledger.exposed >= 400_000)
    #expect(ledger.compute >= 1_000_000)
  }

  @Test("DA-10: the time for which a rank was waited for is kept by rank")
  func waitedFor() {
    let recorder = Recorder(rank: 0, ranks: 3)
    recorder.attach("main") {
      Trace.waited(forRank: 2, nanoseconds: 70)
      Trace.waited(forRank: 2, nanoseconds: 30)
      Trace.waited(forRank: 1, nanoseconds: 5)
      Trace.waited(forRank: 9, nanoseconds: 5)
    }
    #expect(recorder.waitedFor == [0, 5, 100])
  }

  @Test("Ledgers of threads add up")
  func sum() {
    var one = TimeLedger()
    one.steps = 3
    one.background = 1
    var two = TimeLedger()
    two.steps = 4
    two.data = 2
    let sum = one + two
    #expect(sum.steps == 7)
    #expect(sum.data == 2)
    #expect(sum.background == 1)
    #expect(TimeLedger().overlap == nil)
  }
}
