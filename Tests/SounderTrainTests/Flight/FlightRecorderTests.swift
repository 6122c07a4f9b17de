import Foundation
import SounderTrace
import Testing

@testable import SounderTrain

@Suite("Flight recorders")
struct FlightRecorderTests {
  @Test("DA-13: what a recorder was told is read back, open spans and instants included")
  func roundTrip() throws {
    let fixture = try FlightFixture(ranks: 3)
    let flight = try fixture.recorder(2, clockOffset: -1_000)
    let recorder = Recorder(rank: 2, ranks: 3, sink: flight)
    var open: Span?
    recorder.attach("main") {
      Trace.span(.step, "step", 17) { Trace.span(.collective, "allReduce", 0, 64) {} }
      Trace.instant(.bucketReady, EventName(interning: String(repeating: "é", count: 99)), -5, 6)
      open = Trace.begin(.wait, "wait", 1, 1)
    }
    let record = try FlightRecord(try fixture.bytes(2))
    #expect(record.rank == 2)
    #expect(record.ranks == 3)
    #expect(record.host == "host2")
    #expect(record.process == FlightFixture.killed)
    #expect(record.state == .running)
    #expect(record.step == 17)
    #expect(record.damage.isEmpty)
    #expect(record.events.map(\.kind) == [.step, .collective, .bucketReady, .wait])
    #expect(record.events.map(\.ordinal) == [0, 1, 0, 0])
    #expect(record.events.map { $0.end == nil } == [false, false, false, true])
    #expect(record.events[2].a == -5)
    #expect(record.events[2].b == 6)
    // Cut to what fits, in the middle of a letter.
    #expect(record.events[2].name.hasPrefix(String(repeating: "é", count: 35)))
    #expect(record.events[0].end ?? 0 >= record.events[1].end ?? .max)
    #expect(open != nil)
    flight.finish(.gaveUp, "why\u{1B}[2J\n", blaming: 0)
    let ended = try FlightRecord(try fixture.bytes(2))
    #expect(ended.state == .gaveUp)
    #expect(ended.blamed == 0)
    #expect(ended.text == "why [2J ")
    #expect(ended.stateTime != nil)
  }

  @Test("DA-13: the ring keeps the last 2,000 events", arguments: [1, 1999, 2000, 2001, 5000])
  func wrapAround(count: Int) throws {
    let fixture = try FlightFixture(ranks: 1)
    let recorder = Recorder(rank: 0, sink: try fixture.recorder(0))
    recorder.attach("main") {
      Trace.span(.step, "step", 3) {
        for index in 1..<max(count, 1) { Trace.instant(.bucketReady, "ready", index) }
      }
    }
    let record = try FlightRecord(try fixture.bytes(0))
    #expect(record.events.count == min(count, 2000))
    #expect(record.events.last?.sequence == UInt64(count))
    #expect(record.events.first?.sequence == UInt64(max(count - 1999, 1)))
    // The end of a span whose begin is gone must not overwrite a newer event.
    #expect(record.events.contains { $0.kind == .step } == (count <= 2000))
    #expect(record.step == 3)
    #expect(record.damage.isEmpty)
  }

  @Test("DA-13: a wait that turns to another rank stays one event")
  func turningWait() throws {
    let fixture = try FlightFixture(ranks: 4)
    let recorder = Recorder(rank: 0, ranks: 4, sink: try fixture.recorder(0))
    try recorder.attach("main") {
      var wait = WaitSpan()
      wait.blocks(on: 1)
      wait.blocks(on: 3)
      let record = try FlightRecord(try fixture.bytes(0))
      #expect(record.events.map(\.b) == [3])
      #expect(record.events.map { $0.end == nil } == [true])
      wait.end()
    }
    let record = try FlightRecord(try fixture.bytes(0))
    #expect(record.events.map(\.b) == [3])
    #expect(record.events.allSatisfy { $0.end != nil })
    #expect(recorder.waitedFor[3] > 0)
  }

  @Test("DA-13: a recorder that cannot be made says why in one line")
  func unwritable() throws {
    let scratch = try TemporaryDirectory()
    let error = #expect(throws: FileError.self) {
      try FlightRecorder(
        path: "\(scratch.path)/none/rank-0.bin", rank: 0, ranks: 1, host: "", clockOffset: 0)
    }
    #expect(error?.description.contains("cannot create: No such file") == true)
  }

  @Test("DA-13: a process is told from an earlier one of its number")
  func identity() {
    let own = ProcessIdentity.current
    #expect(own.fate == .running)
    #expect(ProcessIdentity(number: own.number, start: 1, boot: own.boot).fate == .gone)
    #expect(FlightFixture.killed.fate == nil)
  }
}
