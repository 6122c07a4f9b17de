import CKernels
import Foundation

/// What one thread of a rank records in, reached through a thread-local pointer.
///
/// Written by its thread only. The number of events is published when they are complete, so another
/// thread may read the finished ones at any time.
@usableFromInline struct ThreadRecord {
  let recorder: Unmanaged<Recorder>
  let thread: UInt16
  /// Finished events; nil until the thread first traces.
  private var events: UnsafeMutablePointer<Event>?
  /// How many there are, and how many did not fit; read by other threads.
  private var count: UInt64 = 0
  private var dropped: UInt64 = 0
  private var isTracing = false

  /// Nested spans: how many of which kinds are open, and the time of those that ended in the innermost.
  private var nested: UInt64 = 0
  private var openSteps = 0
  private var openBackwards = 0
  private(set) var ledger = TimeLedger()
  /// Transfers in flight: how many, since when, and what had been exposed or waited for then.
  private var inFlight = 0
  private var flightBegin: UInt64 = 0
  private var blockedBefore: UInt64 = 0

  /// The most events of a thread: 29 MiB, of which the system gives what is written.
  static let capacity: UInt64 = 1 << 19

  init(_ recorder: Recorder, thread: UInt16) {
    self.recorder = .passUnretained(recorder)
    self.thread = thread
  }

  /// The record of the running thread, nil if it belongs to no recorder.
  @inlinable @inline(__always) static var current: UnsafeMutablePointer<ThreadRecord>? {
    ck_thread().pointee.trace?.assumingMemoryBound(to: ThreadRecord.self)
  }

  /// The events a thread has finished; it may be recording more.
  static func finished(
    _ record: UnsafeMutablePointer<ThreadRecord>
  ) -> UnsafeBufferPointer<Event> {
    guard let place = record.pointer(to: \.count) else { return .init(start: nil, count: 0) }
    // Its events are reached only after their number.
    let count = Int(ck_word_load(place))
    return UnsafeBufferPointer(start: count > 0 ? record.pointee.events : nil, count: count)
  }

  /// How many events did not fit.
  static func droppedCount(_ record: UnsafeMutablePointer<ThreadRecord>) -> Int {
    record.pointer(to: \.dropped).map { Int(ck_word_load($0)) } ?? 0
  }

  func free() {
    if let events { munmap(events, Int(ThreadRecord.capacity) * MemoryLayout<Event>.stride) }
  }

  // MARK: Spans

  @usableFromInline mutating func begin(
    _ kind: EventKind, _ name: EventName, _ a: Int64, _ b: Int64, isAsynchronous: Bool = false
  ) -> Span {
    let recorder = recorder._withUnsafeGuaranteedRef { $0 }
    let now = ck_monotonic_nanoseconds()
    let event = Event(
      begin: now, end: 0, name: name, sequence: recorder.nextNumber(), a: a, b: b,
      rank: recorder.eventRank, thread: thread, kind: kind, isAsynchronous: isAsynchronous)
    recorder.sink?.begin(event)
    let span = Span(event: event, nestedBefore: nested)
    if isAsynchronous {
      takeOff(now)
    } else {
      nested = 0
      if kind == .step {
        openSteps += 1
        adoptTracing(recorder.isTracing)
      }
      if kind == .backward { openBackwards += 1 }
    }
    return span
  }

  @usableFromInline mutating func end(_ span: Span, b: Int64?) -> UInt64 {
    let recorder = recorder._withUnsafeGuaranteedRef { $0 }
    var event = span.event
    event.end = ck_monotonic_nanoseconds()
    if let b { event.b = b }
    if event.isAsynchronous {
      land(event.end)
    } else {
      close(event, span.nestedBefore)
    }
    recorder.sink?.end(event)
    // A step is kept whole or not at all, whatever the other threads are at.
    let isInStep = openSteps > 0 || event.kind == .step
    if !isInStep, isTracing != recorder.isTracing { adoptTracing(recorder.isTracing) }
    if isTracing { append(event) }
    return event.end - event.begin
  }

  @usableFromInline mutating func instant(
    _ kind: EventKind, _ name: EventName, _ a: Int64, _ b: Int64
  ) {
    let recorder = recorder._withUnsafeGuaranteedRef { $0 }
    let now = ck_monotonic_nanoseconds()
    let event = Event(
      begin: now, end: now, name: name, sequence: recorder.nextNumber(), a: a, b: b,
      rank: recorder.eventRank, thread: thread, kind: kind)
    recorder.sink?.end(event)
    if isTracing { append(event) }
  }

  @usableFromInline mutating func endOperator(
    _ kind: EventKind, _ name: EventName, begin: UInt64, sequence: UInt64, a: Int64
  ) {
    let rank = recorder._withUnsafeGuaranteedRef { $0.eventRank }
    append(
      Event(
        begin: begin, end: ck_monotonic_nanoseconds(), name: name, sequence: sequence, a: a,
        rank: rank, thread: thread, kind: kind))
  }

  // MARK: Time

  /// Ends a span: what of it was not in nested spans goes to its share.
  private mutating func close(_ event: Event, _ nestedBefore: UInt64) {
    let elapsed = event.end - event.begin
    let own = elapsed - min(nested, elapsed)
    nested = nestedBefore + elapsed
    // A wait or an exchange that works through others is counted once, by the inner span's kind.
    if openSteps > 0 {
      switch event.kind.share {
      case .compute: ledger.compute += own
      case .communication:
        if openBackwards > 0 { ledger.hidden += own } else { ledger.exposed += own }
      case .waiting: ledger.waiting += own
      case .data: ledger.data += own
      }
    } else if event.kind.share == .communication && thread != 0 {
      ledger.background += own
    }
    switch event.kind {
    case .step:
      openSteps -= 1
      if openSteps == 0 { ledger.steps += elapsed }
    case .backward: openBackwards -= 1
    default: break
    }
  }

  private mutating func takeOff(_ now: UInt64) {
    inFlight += 1
    guard inFlight == 1 else { return }
    flightBegin = now
    blockedBefore = ledger.exposed + ledger.waiting
  }

  /// Time in flight during which this thread did not stand still for it was hidden.
  private mutating func land(_ now: UInt64) {
    inFlight -= 1
    guard inFlight == 0, openSteps > 0 else { return }
    let flight = now - flightBegin
    ledger.background += flight - min(ledger.exposed + ledger.waiting - blockedBefore, flight)
  }

  // MARK: Tracing

  /// Follows the recorder, which another thread may have switched.
  mutating func adoptTracing(_ on: Bool) {
    isTracing = on && allocate()
    ck_thread().pointee.operator_trace = isTracing ? ck_thread().pointee.trace : nil
  }

  private mutating func allocate() -> Bool {
    if events != nil { return true }
    let bytes = Int(ThreadRecord.capacity) * MemoryLayout<Event>.stride
    let memory = mmap(
      nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else { return false }
    events = memory.bindMemory(to: Event.self, capacity: Int(ThreadRecord.capacity))
    return true
  }

  @inline(__always) private mutating func append(_ event: Event) {
    guard let events, count < ThreadRecord.capacity else {
      ck_word_store(&dropped, dropped + 1)
      return
    }
    (events + Int(count)).initialize(to: event)
    ck_word_store(&count, count + 1)
  }
}
