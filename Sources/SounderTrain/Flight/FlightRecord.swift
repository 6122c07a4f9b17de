import Foundation
import SounderTrace

/// What the flight recorder of a rank has left, read from its file's bytes, whatever those are.
struct FlightRecord {
  let rank: Int
  let ranks: Int
  let process: ProcessIdentity
  let host: String
  let state: FlightState
  /// When the rank ended or failed, on rank 0's clock.
  let stateTime: Int64?
  /// Why it could not go on.
  let text: String
  /// The rank it gave up on.
  let blamed: Int?
  /// When the first signal to stop came.
  let signalTime: Int64?
  /// The step that began last, counted from 1; 0 before the first.
  let step: Int
  /// In the order in which they began.
  let events: [FlightEvent]
  /// What is wrong with the file, in words.
  let damage: [String]
  private let clockOffset: Int64

  /// The most ranks that are believed.
  private static let rankLimit: UInt64 = 1 << 20

  /// Reads a file's bytes.
  /// - Throws: ``Unreadable`` if nothing in them can be used.
  init(_ bytes: [UInt8]) throws(Unreadable) {
    let words = FlightWords(bytes)
    guard bytes.count >= FlightLayout.headerBytes else {
      throw Unreadable(reason: "truncated to \(bytes.count) bytes, before its first event")
    }
    guard words[.magic] == FlightLayout.magic else {
      throw Unreadable(reason: "not a flight recording, or damaged: it begins with other bytes")
    }
    guard words[.version] == FlightLayout.version else {
      throw Unreadable(
        reason: "of format \(words[.version]); this program reads format \(FlightLayout.version)")
    }
    guard words[.capacity] == UInt64(FlightLayout.capacity), words[.ranks] <= Self.rankLimit,
      words[.rank] < words[.ranks]
    else {
      throw Unreadable(
        reason: "damaged: it claims rank \(words[.rank]) of \(words[.ranks]), "
          + "\(words[.capacity]) events")
    }
    rank = Int(words[.rank])
    ranks = Int(words[.ranks])
    process = ProcessIdentity(
      number: Int32(truncatingIfNeeded: words[.process]), start: words[.processStart],
      boot: words.text(at: FlightLayout.Header.boot.rawValue, limit: FlightLayout.bootBytes))
    host = words.text(at: FlightLayout.Header.host.rawValue, limit: FlightLayout.hostBytes)
    text = words.text(at: FlightLayout.Header.text.rawValue, limit: FlightLayout.textBytes)
    let offset = Int64(bitPattern: words[.clockOffset])
    clockOffset = offset
    func time(_ word: UInt64) -> Int64? {
      word == 0 ? nil : Int64(bitPattern: word) &+ offset
    }
    var damage: [String] = []
    if let known = FlightState(rawValue: words[.state]) {
      state = known
    } else {
      state = .running
      damage.append("damaged: no state of a rank is \(words[.state])")
    }
    stateTime = state == .running ? nil : time(words[.stateTime])
    signalTime = time(words[.signalTime])
    let blamed = words[.blamed]
    self.blamed = (1...words[.ranks]).contains(blamed) ? Int(blamed) - 1 : nil
    step = Int(truncatingIfNeeded: min(words[.step], UInt64(Int32.max)))
    if bytes.count < FlightLayout.byteCount {
      damage.append("truncated to \(bytes.count) of \(FlightLayout.byteCount) bytes")
    }
    var events: [FlightEvent] = []
    var damaged = 0
    for slot in 0..<FlightLayout.capacity {
      let place = FlightLayout.headerBytes + slot * FlightLayout.recordBytes
      guard place + FlightLayout.recordBytes <= bytes.count else { break }
      // Nothing was written there, or was being written when the rank ended.
      if words[place, .sequence] == 0 { continue }
      if let event = FlightEvent(words, slot: slot, offset: offset) {
        events.append(event)
      } else {
        damaged += 1
      }
    }
    if damaged > 0 { damage.append("\(damaged) damaged events are left out") }
    self.events = events.sorted { $0.sequence < $1.sequence }
    self.damage = damage
  }

  /// A time of this rank's clock on rank 0's.
  func time(_ word: UInt64) -> Int64 { Int64(bitPattern: word) &+ clockOffset }

  /// Nothing in a file can be used, and why.
  struct Unreadable: Error { let reason: String }
}

/// A coarse event of a rank, with times of rank 0's clock in nanoseconds.
struct FlightEvent: Equatable {
  var sequence: UInt64
  var begin: Int64
  /// Nil while it goes on.
  var end: Int64?
  var name: String
  var kind: EventKind
  var a: Int
  var b: Int
  var thread: Int
  var isAsynchronous: Bool
  /// For a collective the how-manieth of its rank it is, from 1; else 0.
  var ordinal: UInt64

  /// The event in a place of the ring; nil if no recorder has written it so.
  init?(_ words: FlightWords, slot: Int, offset: Int64) {
    let place = FlightLayout.headerBytes + slot * FlightLayout.recordBytes
    let traits = words[place, .traits]
    let (begin, end) = (words[place, .begin], words[place, .end])
    guard words[place, .sequence] % UInt64(FlightLayout.capacity) == UInt64(slot),
      let kind = EventKind(rawValue: UInt8(truncatingIfNeeded: traits >> 16)), traits >> 25 == 0,
      begin != 0, begin < UInt64(Int64.max), end == 0 || end >= begin, end < UInt64(Int64.max)
    else { return nil }
    sequence = words[place, .sequence]
    self.begin = Int64(begin) &+ offset
    self.end = end == 0 ? nil : Int64(end) &+ offset
    self.kind = kind
    a = Int(Int64(bitPattern: words[place, .a]))
    b = Int(Int64(bitPattern: words[place, .b]))
    thread = Int(traits & 0xFFFF)
    isAsynchronous = traits >> 24 & 1 == 1
    ordinal = words[place, .ordinal]
    name = words.text(at: place + FlightLayout.Record.name.rawValue, limit: FlightLayout.nameBytes)
  }

  /// The last time that it tells of.
  var lastTime: Int64 { end ?? begin }

  /// The event in words, in the middle of a sentence.
  var summary: String {
    switch kind {
    case .step: "step \(a)"
    case .wait: b >= 0 ? "wait for rank \(b)" : "wait for \(name)"
    case .collective: b > 0 ? "\(name) of \(b) bytes" : name
    case .message: "\(name), rank \(a), \(b) bytes"
    case .bucketReady, .bucketReduce, .bucketUpdate: "\(name) \(a)"
    case .network: b > 0 ? "\(name) \(a) of \(b) bytes" : "\(name) \(a)"
    case .forward, .backward: "\(name) of shard \(a)"
    default: name
    }
  }
}

/// The words and texts of a file, read with care: nothing beyond its end.
struct FlightWords {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  subscript(field: FlightLayout.Header) -> UInt64 { word(field.rawValue) }

  subscript(place: Int, field: FlightLayout.Record) -> UInt64 { word(place + field.rawValue) }

  /// A text that ends with a zero byte or the limit, without characters that a terminal obeys.
  func text(at place: Int, limit: Int) -> String {
    let end = min(place + limit, bytes.count)
    guard place < end else { return "" }
    let text = String(decoding: bytes[place..<end].prefix { $0 != 0 }, as: UTF8.self)
    let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
    return String(String.UnicodeScalarView(scalars))
  }

  private func word(_ place: Int) -> UInt64 {
    guard place >= 0, place + 8 <= bytes.count else { return 0 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
  }
}
