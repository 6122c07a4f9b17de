import CKernels
import Foundation
import SounderTrace
import Testing

@testable import SounderTrain

@Suite("Diagnoses")
struct DiagnosisTests {
  @Test("DA-13: a run whose ranks all came to their end ended in order", arguments: [1, 3])
  func inOrder(ranks: Int) throws {
    let fixture = try FlightFixture(ranks: ranks)
    for rank in 0..<ranks {
      try fixture.add(rank, .step, "step", 1, from: 1, to: 2)
      try fixture.recorder(rank).finish(.ended)
    }
    let diagnosis = try fixture.diagnosis()
    #expect(diagnosis.cause == .inOrder)
    #expect(diagnosis.verdict[0].contains("all \(ranks) rank"))
    #expect(diagnosis.json["verdict"] == "ended")
    #expect(diagnosis.json["rank"] == .null)
  }

  @Test(
    "DA-13: a killed rank is the one that computes while the others wait, however old their waits")
  func killed() throws {
    let fixture = try FlightFixture(ranks: 3)
    for rank in 0..<3 { try fixture.add(rank, .step, "step", 7, from: 1) }
    // The others arrived before the last event of rank 1.
    for rank in [0, 2] {
      try fixture.add(rank, .collective, "allReduce", 0, 4096, from: 2)
      try fixture.add(rank, .wait, "wait", 1, 1, from: 2.1)
    }
    try fixture.add(1, .backward, "backward", 5, from: 3)
    let diagnosis = try fixture.diagnosis()
    #expect(diagnosis.cause == .stopped(rank: 1))
    #expect(diagnosis.waits == [.init(rank: 1, waiting: [0, 2])])
    #expect(diagnosis.picture(of: 1)?.doing == ["backward of shard 5", "step 7"])
    #expect(diagnosis.verdict[0].contains("rank 1 (host host1, pid 4000000) stopped first"))
    #expect(diagnosis.description.contains("ranks 0, 2 waited for rank 1"))
    #expect(diagnosis.json["records"]?.array?.count == 3)
  }

  @Test(
    "DA-13: of ranks that wait for each other in a circle the one with the oldest event stopped")
  func circle() throws {
    let fixture = try FlightFixture(ranks: 3)
    // Killed while it waited for rank 2, which arrived and went on.
    try fixture.add(0, .wait, "wait", 2, 2, from: 1)
    try fixture.add(1, .wait, "wait", 0, 0, from: 5)
    try fixture.add(2, .wait, "wait", 0, 0, from: 2)
    #expect(try fixture.diagnosis().cause == .stopped(rank: 0))
  }

  @Test("DA-13: a rank that was told to stop was alive when the one that was not had gone")
  func signalled() throws {
    let fixture = try FlightFixture(ranks: 2)
    // Rank 1 waited for rank 0 when it was killed; rank 0 computed until the launcher ended it.
    try fixture.add(0, .backward, "backward", from: 1)
    try fixture.add(1, .wait, "wait", 0, 0, from: 2)
    var bytes = try fixture.bytes(0)
    bytes[FlightLayout.Header.process.rawValue] = 1
    bytes[FlightLayout.Header.signalTime.rawValue + 4] = 1
    try fixture.write(bytes, 0)
    #expect(try fixture.diagnosis().cause == .stopped(rank: 1))
  }

  @Test("DA-13: the rank that others gave up on is to blame, though it went on later")
  func gaveUp() throws {
    let fixture = try FlightFixture(ranks: 4)
    try fixture.add(3, .save, "save", from: 3)
    try fixture.add(2, .wait, "wait", 3, 3, from: 4)
    try fixture.add(1, .wait, "wait", 2, 2, from: 5, to: 6)
    try fixture.recorder(1).finish(.gaveUp, "waited 9 s for rank 2", blaming: 2)
    // What came after that does not count: the time of the recorder is that of the machine.
    let later = Double(ck_monotonic_nanoseconds()) / 1e9 + 10
    try fixture.add(2, .wait, "wait", 0, 0, from: later)
    try fixture.add(3, .wait, "wait", 0, 0, from: later)
    try fixture.add(0, .forward, "forward", from: 1)
    let diagnosis = try fixture.diagnosis()
    #expect(diagnosis.cause == .stopped(rank: 3))
    #expect(diagnosis.picture(of: 3)?.doing == ["save"])
    #expect(diagnosis.verdict.contains("  rank 1 gave up: waited 9 s for rank 2"))
  }

  @Test("DA-13: a rank that everybody gave up on but that left no recording is named")
  func noRecording() throws {
    let fixture = try FlightFixture(ranks: 2)
    try fixture.recorder(0).finish(.gaveUp, "rank 1 died", blaming: 1)
    let diagnosis = try fixture.diagnosis()
    #expect(diagnosis.cause == .stopped(rank: 1))
    #expect(diagnosis.verdict[1] == "  it has left no recording")
    #expect(diagnosis.log.problems.count == 1)
  }

  @Test("DA-13: a rank that failed by itself comes before those it took along")
  func failed() throws {
    let fixture = try FlightFixture(ranks: 3)
    try fixture.add(2, .step, "step", 4, from: 1)
    try fixture.recorder(2).finish(.failed, "the disk is full")
    try fixture.add(0, .step, "step", 4, from: 0.5)
    try fixture.recorder(1).finish(.gaveUp, "rank 2 failed", blaming: 2)
    let diagnosis = try fixture.diagnosis()
    #expect(diagnosis.cause == .failed(rank: 2))
    #expect(diagnosis.verdict[1] == "  the disk is full")
    #expect(diagnosis.verdict[0].hasSuffix("failed first, at step 4:"))
  }

  @Test("DA-13: last collectives with one number that differ are shown")
  func mismatch() throws {
    let fixture = try FlightFixture(ranks: 3)
    for rank in 0..<3 { try fixture.add(rank, .collective, "barrier", from: 1, to: 2) }
    try fixture.add(0, .collective, "allReduce", 0, 64, from: 3)
    try fixture.add(1, .collective, "allReduce", 0, 64, from: 3)
    try fixture.add(2, .collective, "barrier", from: 3)
    let diagnosis = try fixture.diagnosis()
    #expect(
      diagnosis.description.contains(
        "collective 2 differs: rank 0 allReduce of 64 bytes, rank 2 barrier"))
    // A rank that is behind is no mismatch.
    try fixture.add(0, .collective, "barrier", from: 4)
    try fixture.add(1, .collective, "barrier", from: 4)
    #expect(try fixture.diagnosis().mismatches.isEmpty)
  }

  @Test("DA-13: the clocks of hosts are aligned")
  func clocks() throws {
    let fixture = try FlightFixture(ranks: 2)
    _ = try fixture.recorder(1, clockOffset: -100_000_000_000)
    try fixture.add(0, .forward, "forward", from: 10)
    try fixture.add(1, .forward, "forward", from: 109)
    let diagnosis = try fixture.diagnosis()
    #expect(diagnosis.cause == .stopped(rank: 1))
    #expect(diagnosis.picture(of: 1)?.lastSign == 9_000_000_000)
    #expect(diagnosis.seconds(9_000_000_000) == -1)
  }

  @Test("DA-13: a run whose processes are there goes on, or stalls")
  func alive() throws {
    let now = Double(ck_monotonic_nanoseconds()) / 1e9
    for (age, expected) in [(0.0, FirstCause?.some(.running)), (60, nil)] {
      let fixture = try FlightFixture(ranks: 2)
      for rank in 0..<2 { _ = try fixture.recorder(rank, process: .current) }
      try fixture.add(0, .wait, "wait", 1, 1, from: now - age)
      try fixture.add(1, .save, "save", from: now - age)
      let diagnosis = try fixture.diagnosis()
      if let expected {
        #expect(diagnosis.cause == expected)
      } else {
        #expect(diagnosis.cause.rank == 1)
        #expect(diagnosis.json["verdict"] == "stalled")
        #expect(diagnosis.verdict[0].contains("for 60."))
      }
    }
  }

  @Test("Lists of ranks are short")
  func lists() {
    #expect("\(RankList([3]))" == "rank 3")
    #expect("\(RankList([7, 0, 4, 5, 6, 9, 10]))" == "ranks 0, 4–7, 9, 10")
  }
}
