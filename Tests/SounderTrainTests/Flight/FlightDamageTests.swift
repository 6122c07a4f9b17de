import Foundation
import SounderTrace
import Testing

@testable import SounderTrain

@Suite("Damaged flight recordings")
struct FlightDamageTests {
  /// Two ranks with some events.
  private static func fixture(events: Int) throws -> FlightFixture {
    let fixture = try FlightFixture(ranks: 2)
    for rank in 0..<2 {
      for index in 1...events {
        let begin = Double(index) + 0.1 * Double(rank)
        try fixture.add(rank, .collective, "allReduce", 0, index, from: begin, to: begin + 0.5)
      }
      try fixture.add(rank, .wait, "wait", 1 - rank, 1 - rank, from: Double(events + 2))
    }
    return fixture
  }

  @Test("DA-13: a file cut at any 64th byte is read as far as it goes, and said to be cut")
  func truncated() throws {
    let fixture = try Self.fixture(events: 40)
    let bytes = try fixture.bytes(1)
    #expect(bytes.count == FlightLayout.byteCount)
    for count in stride(from: 0, to: bytes.count, by: 64) {
      let part = Array(bytes.prefix(count))
      guard count >= FlightLayout.headerBytes else {
        #expect(throws: FlightRecord.Unreadable.self) { try FlightRecord(part) }
        continue
      }
      let record = try FlightRecord(part)
      #expect(
        record.events.count
          == min(max((count - FlightLayout.headerBytes) / FlightLayout.recordBytes - 1, 0), 41))
      #expect(record.damage == ["truncated to \(count) of \(bytes.count) bytes"])
    }
    for count in [0, 100, 4096, 10_000] {
      try fixture.write(Array(bytes.prefix(count)), 1)
      let diagnosis = try fixture.diagnosis()
      #expect(diagnosis.log.problems.count == 1)
      #expect(diagnosis.description.contains("rank-1.bin: truncated to \(count)"))
    }
  }

  @Test("DA-13: random bytes anywhere never stop the reader")
  func corrupted() throws {
    let fixture = try Self.fixture(events: 2100)
    let bytes = try fixture.bytes(1)
    var random = CounterRandom(seed: 13, purpose: .epochOrder, index: 0)
    for round in 0..<30 {
      var damaged = bytes
      // The header is small, and where most depends on single bytes.
      let limit = round % 2 == 0 ? 256 : bytes.count
      for _ in 0..<(1 + round % 7 * 9) {
        damaged[Int(random.next() % UInt64(limit))] = UInt8(truncatingIfNeeded: random.next())
      }
      try fixture.write(damaged, 1)
      let diagnosis = try fixture.diagnosis()
      #expect(diagnosis.pictures.contains { $0.rank == 0 })
      #expect(!diagnosis.description.isEmpty)
      let json = diagnosis.json.compact
      #expect(try JSONValue(parsing: json.utf8).compact == json)
    }
    // Noise as a whole, with and without a header that is believed.
    for believed in [false, true] {
      var noise = (0..<FlightLayout.byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if believed { noise.replaceSubrange(0..<48, with: bytes[0..<48]) }
      try fixture.write(noise, 1)
      #expect(try fixture.diagnosis().log.problems.count == 1)
    }
  }

  @Test("DA-13: missing files, strange ones and those of other jobs cost nothing but a line")
  func strange() throws {
    let fixture = try FlightFixture(ranks: 4)
    try fixture.add(0, .step, "step", 1, from: 1)
    try fixture.add(3, .step, "step", 1, from: 1)
    try fixture.write(try fixture.bytes(0), 2)
    try FileManager.default.createDirectory(
      atPath: fixture.path(1), withIntermediateDirectories: true)
    _ = try fixture.scratch.write("run/flight/rank-x.bin", "x")
    let log = try FlightLog(fixture.directory)
    #expect(log.ranks == 4)
    #expect(log.records.map(\.rank) == [0, 3])
    #expect(
      log.problems == [
        "\(fixture.path(1)): not a file", "\(fixture.path(2)): holds the events of rank 0",
      ])
    rmdir(fixture.path(1))
    unlink(fixture.path(2))
    #expect(
      try FlightLog(fixture.directory).problems == [
        "\(fixture.directory.flight): no recording of ranks 1, 2; they may be on another host's disk"
      ])
  }

  @Test("DA-13: with nothing to read there is an error with its exit code")
  func nothing() throws {
    let fixture = try FlightFixture(ranks: 1)
    let none = #expect(throws: FlightError.self) { try fixture.diagnosis() }
    #expect(none?.exitCode == .inputMissing)
    #expect(none?.description.contains("no flight recording in it") == true)
    try fixture.write([1, 2, 3], 0)
    let damaged = #expect(throws: FlightError.self) { try fixture.diagnosis() }
    #expect(damaged?.exitCode == .dataError)
    #expect(damaged?.description.contains("truncated to 3 bytes") == true)
    let missing = #expect(throws: FlightError.self) { try Diagnosis(RunDirectory(path: "/none")) }
    #expect(missing?.exitCode == .inputMissing)
  }
}
