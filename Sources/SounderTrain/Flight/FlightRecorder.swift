import CKernels
import Foundation
import SounderTrace

/// Keeps the last 2,000 coarse events of a rank in a file that outlives its process.
///
/// The file is mapped, so that what is written survives even SIGKILL: the pages belong to the system. An
/// event costs a copy of 128 bytes and no system call. `sounder diagnose` reads the files of all ranks.
package final class FlightRecorder: EventSink {
  private let base: UInt

  /// Makes the file of a rank, in place of an older one.
  ///
  /// - Parameters:
  ///   - rank: the rank, of `ranks`.
  ///   - clockOffset: rank 0's time minus this rank's, in nanoseconds.
  ///   - process: the process of the rank.
  /// - Throws: ``FileError``; a job can go on without.
  init(
    path: String, rank: Int, ranks: Int, host: String, clockOffset: Int64,
    process: ProcessIdentity = .current
  ) throws(FileError) {
    unlink(path)
    let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw FileError("create", path) }
    defer { close(file) }
    // Reserved now: a disk that is full later would be a signal at some event, not an error.
    let code = posix_fallocate(file, 0, off_t(FlightLayout.byteCount))
    guard code == 0 else {
      unlink(path)
      throw FileError("reserve its space", path, reason: String(cString: strerror(code)))
    }
    let mapped = mmap(
      nil, FlightLayout.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    guard let mapped, mapped != MAP_FAILED else { throw FileError("map", path) }
    base = UInt(bitPattern: mapped)
    store(.version, FlightLayout.version)
    store(.capacity, UInt64(FlightLayout.capacity))
    store(.rank, UInt64(rank))
    store(.ranks, UInt64(ranks))
    store(.process, UInt64(process.number))
    store(.processStart, process.start)
    store(.clockOffset, UInt64(bitPattern: clockOffset))
    copy(host, to: .host, limit: FlightLayout.hostBytes)
    copy(process.boot, to: .boot, limit: FlightLayout.bootBytes)
    store(.magic, FlightLayout.magic)
    StopSignal.setWitness(word(FlightLayout.Header.signalTime.rawValue))
  }

  deinit {
    StopSignal.clearWitness(word(FlightLayout.Header.signalTime.rawValue))
    munmap(pointer(0), FlightLayout.byteCount)
  }

  // MARK: What happens

  package func begin(_ event: Event) {
    if event.kind == .step { store(.step, UInt64(bitPattern: event.a)) }
    let place = FlightLayout.offset(ofEvent: event.sequence)
    // A wait that turns to another rank begins again, in its own place.
    let isNew = ck_word_load(word(place)) != event.sequence
    var ordinal: UInt64 = 0
    if event.kind == .collective, isNew {
      ordinal = ck_fetch_add_u64(word(FlightLayout.Header.collectives.rawValue), 1) + 1
    }
    write(event, at: place, ordinal: ordinal)
  }

  package func end(_ event: Event) {
    let place = FlightLayout.offset(ofEvent: event.sequence)
    let present = ck_word_load(word(place))
    if present == event.sequence {
      store(place, .b, UInt64(bitPattern: event.b))
      store(place, .end, event.end)
    } else if present < event.sequence {
      write(event, at: place, ordinal: 0)
    }
    // Else newer events have taken its place.
  }

  /// Notes how the rank came to its end; `text` says why it could not go on.
  func finish(_ state: FlightState, _ text: String = "", blaming rank: Int? = nil) {
    copy(text, to: .text, limit: FlightLayout.textBytes)
    store(.blamed, rank.map { UInt64(max($0, -1) + 1) } ?? 0)
    store(.stateTime, ck_monotonic_nanoseconds())
    store(.state, state.rawValue)
  }

  // MARK: The file

  private func write(_ event: Event, at place: Int, ordinal: UInt64) {
    store(place, .sequence, 0)
    store(place, .begin, event.begin)
    store(place, .end, event.end)
    store(place, .a, UInt64(bitPattern: event.a))
    store(place, .b, UInt64(bitPattern: event.b))
    store(
      place, .traits,
      UInt64(event.thread) | UInt64(event.kind.rawValue) << 16
        | (event.isAsynchronous ? 1 << 24 : 0))
    store(place, .ordinal, ordinal)
    if let bytes = event.name.bytes { write(name: bytes, at: place) }
    store(place, .sequence, event.sequence)
  }

  /// Copies a name by words, cut to what fits.
  private func write(name: UnsafePointer<CChar>, at place: Int) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: FlightLayout.nameWords) { words in
      words.withMemoryRebound(to: CChar.self) { text in
        // Fills the rest with zeros.
        if let start = text.baseAddress { strncpy(start, name, FlightLayout.nameBytes) }
        text[FlightLayout.nameBytes - 1] = 0
      }
      let first = place + FlightLayout.Record.name.rawValue
      for index in 0..<FlightLayout.nameWords {
        ck_word_store(word(first + index * 8), words[index])
      }
    }
  }

  private func copy(_ text: String, to field: FlightLayout.Header, limit: Int) {
    let bytes = Array(text.utf8.prefix(limit - 1))
    let start = pointer(field.rawValue)
    start.copyMemory(from: bytes, byteCount: bytes.count)
    memset(start + bytes.count, 0, limit - bytes.count)
  }

  private func pointer(_ offset: Int) -> UnsafeMutableRawPointer {
    // A mapping is never at zero.
    UnsafeMutableRawPointer(bitPattern: base).unsafelyUnwrapped + offset
  }

  private func word(_ offset: Int) -> UnsafeMutablePointer<UInt64> {
    pointer(offset).assumingMemoryBound(to: UInt64.self)
  }

  private func store(_ field: FlightLayout.Header, _ value: UInt64) {
    ck_word_store(word(field.rawValue), value)
  }

  private func store(_ place: Int, _ field: FlightLayout.Record, _ value: UInt64) {
    ck_word_store(word(place + field.rawValue), value)
  }
}
