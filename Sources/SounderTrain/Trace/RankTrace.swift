import Foundation
import SounderTrace

/// The kept events of one rank, with everything that makes sense on another.
struct RankTrace: Sendable {
  /// A thread of the rank.
  struct ThreadInfo: Sendable, Equatable {
    var name: String
    var dropped: Int
  }

  let rank: Int
  let host: String
  let process: Int
  let threads: [ThreadInfo]
  let names: [String]
  /// The events; `name` of each is an index of ``names``, times are those of rank 0's clock.
  let events: [TimedEvent]

  /// An event with its name and times made comparable over ranks.
  struct TimedEvent: Sendable, BitwiseCopyable {
    var begin: Int64
    var end: Int64
    var sequence: UInt64
    var a: Int64
    var b: Int64
    var name: Int32
    var thread: UInt16
    var kind: EventKind
    var isAsynchronous: Bool
  }

  /// What a recorder has kept.
  init(_ recorder: Recorder, host: String, clocks: ClockAlignment) {
    var indices: [EventName: Int32] = [:]
    var names: [String] = []
    var events: [TimedEvent] = []
    let kept = recorder.kept
    events.reserveCapacity(kept.reduce(0) { $0 + $1.events.count })
    for thread in kept {
      for event in thread.events {
        let name = indices[event.name] ?? Int32(names.count)
        if name == names.count {
          indices[event.name] = name
          names.append(event.name.text)
        }
        events.append(
          TimedEvent(
            begin: clocks.align(event.begin), end: clocks.align(event.end),
            sequence: event.sequence, a: event.a, b: event.b, name: name, thread: event.thread,
            kind: event.kind, isAsynchronous: event.isAsynchronous))
      }
    }
    rank = recorder.rank
    self.host = host
    process = Int(getpid())
    threads = kept.map { ThreadInfo(name: $0.name, dropped: $0.dropped) }
    self.names = names
    self.events = events
  }

  /// When the first event began.
  var begin: Int64? { events.map(\.begin).min() }

  // MARK: On the way to rank 0

  private static let eventBytes = MemoryLayout<TimedEvent>.stride

  /// The trace as bytes: a line of JSON with everything but the events, then those.
  var bytes: [UInt8] {
    let head: JSONValue = [
      "rank": .integer(rank), "host": .string(host), "process": .integer(process),
      "names": .array(names.map(JSONValue.string)), "events": .integer(events.count),
      "threads": .array(
        threads.map { ["name": .string($0.name), "dropped": .integer($0.dropped)] }),
    ]
    var bytes = Array((head.compact + "\n").utf8)
    events.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// A trace from another rank of the same program; nil for bytes that are none.
  init?(_ bytes: [UInt8]) {
    guard let end = bytes.firstIndex(of: 10),
      let head = try? JSONValue(parsing: bytes[..<end]),
      let rank = head["rank"]?.integer, let host = head["host"]?.string,
      let process = head["process"]?.integer, let count = head["events"]?.integer,
      let names = head["names"]?.array, let threads = head["threads"]?.array, count >= 0,
      bytes.count - end - 1 == count * RankTrace.eventBytes
    else { return nil }
    self.rank = rank
    self.host = host
    self.process = process
    self.names = names.compactMap(\.string)
    self.threads = threads.map {
      ThreadInfo(name: $0["name"]?.string ?? "", dropped: $0["dropped"]?.integer ?? 0)
    }
    events = [TimedEvent](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[(end + 1)...]))
      }
      initialized = count
    }
  }
}
