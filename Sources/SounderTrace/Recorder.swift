import CKernels
import Foundation
import Synchronization

/// Records the events of one rank, from all its threads.
///
/// Ranks may be threads of one process, so there is no recorder of the process: each thread reaches its
/// rank's through a thread-local pointer. A thread that a rank starts takes the recorder along:
///
/// ```swift
/// let recorder = Recorder(rank: group.rank, ranks: group.size, sink: flightRecorder)
/// try recorder.attach("main") {
///   Thread { [recorder = Recorder.current] in Recorder.attach(recorder, "loader") { … } }.start()
///   try Trace.span(.step, "step", 1) { … }
/// }
/// ```
public final class Recorder: @unchecked Sendable {
  // @unchecked: `threads` is guarded by `lock`, the counters are atomic, the rest is constant; a record
  // is written by its thread only.

  /// The rank whose events these are.
  public let rank: Int
  /// The number of ranks of the job.
  public let ranks: Int
  /// Where coarse events go as they happen.
  public let sink: (any EventSink)?

  let eventRank: Int32
  private let numbers = Atomic<UInt64>(0)
  private let tracing = Atomic<Bool>(false)
  private let lock = NSLock()
  private var threads: [(name: String, record: UnsafeMutablePointer<ThreadRecord>)] = []
  private let waits: UnsafeMutablePointer<UInt64>

  /// A recorder of a rank, which no thread belongs to yet.
  public init(rank: Int, ranks: Int = 1, sink: (any EventSink)? = nil) {
    self.rank = rank
    self.ranks = ranks
    self.sink = sink
    eventRank = Int32(truncatingIfNeeded: rank)
    waits = .allocate(capacity: max(ranks, 1))
    waits.initialize(repeating: 0, count: max(ranks, 1))
  }

  deinit {
    for (_, record) in threads {
      record.pointee.free()
      record.deallocate()
    }
    waits.deallocate()
  }

  /// The recorder of the running thread, to be passed to threads it starts.
  public static var current: Recorder? {
    ThreadRecord.current?.pointee.recorder.takeUnretainedValue()
  }

  /// Makes the running thread one of this rank's while `body` runs.
  /// - Parameter name: what the thread is called in a trace; the first is the one that trains.
  @discardableResult
  public func attach<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let record = add(name)
    let state = ck_thread()
    let (outer, outerOperators) = (state.pointee.trace, state.pointee.operator_trace)
    state.pointee.trace = UnsafeMutableRawPointer(record)
    state.pointee.operator_trace = nil
    if isTracing { record.pointee.adoptTracing(true) }
    defer {
      let state = ck_thread()
      state.pointee.trace = outer
      state.pointee.operator_trace = outerOperators
    }
    return try withExtendedLifetime(self) { try body() }
  }

  /// Runs `body` on this thread as one of a recorder's, or as it is without one.
  @discardableResult
  public static func attach<Result>(
    _ recorder: Recorder?, _ name: String, _ body: () throws -> Result
  ) rethrows -> Result {
    guard let recorder else { return try body() }
    return try recorder.attach(name, body)
  }

  private func add(_ name: String) -> UnsafeMutablePointer<ThreadRecord> {
    let record = UnsafeMutablePointer<ThreadRecord>.allocate(capacity: 1)
    lock.withLock {
      let thread = UInt16(truncatingIfNeeded: threads.count)
      record.initialize(to: ThreadRecord(self, thread: thread))
      threads.append((name, record))
    }
    return record
  }

  func nextNumber() -> UInt64 { numbers.add(1, ordering: .relaxed).newValue }

  // MARK: Tracing

  /// Whether events are kept for a trace, operators included.
  public var isTracing: Bool { tracing.load(ordering: .relaxed) }

  /// Begins or ends keeping events; the calling thread follows at once, others with their next step or
  /// the end of their next span.
  public func setTracing(_ on: Bool) {
    tracing.store(on, ordering: .relaxed)
    guard let record = ThreadRecord.current,
      record.pointee.recorder.toOpaque() == Unmanaged.passUnretained(self).toOpaque()
    else { return }
    record.pointee.adoptTracing(on)
  }

  /// What a thread has kept.
  public struct ThreadEvents {
    /// What the thread is called.
    public let name: String
    /// Its number on the rank.
    public let thread: Int
    /// The events in the order in which they ended; valid as long as the recorder.
    public let events: UnsafeBufferPointer<Event>
    /// How many did not fit into the thread's 524,288.
    public let dropped: Int
  }

  /// What all threads have kept so far.
  public var kept: [ThreadEvents] {
    lock.withLock {
      threads.map { name, record in
        ThreadEvents(
          name: name, thread: Int(record.pointee.thread), events: ThreadRecord.finished(record),
          dropped: ThreadRecord.droppedCount(record))
      }
    }
  }

  // MARK: Time

  func waited(for rank: Int, _ nanoseconds: UInt64) {
    guard (0..<ranks).contains(rank) else { return }
    _ = ck_fetch_add_u64(waits + rank, nanoseconds)
  }

  /// Nanoseconds this rank was blocked until each other rank arrived.
  public var waitedFor: [UInt64] { (0..<ranks).map { ck_load_relaxed_u64(waits + $0) } }

  /// Where the time of all threads went; call it when the threads' steps are over.
  public var ledger: TimeLedger {
    lock.withLock { threads.reduce(TimeLedger()) { $0 + $1.record.pointee.ledger } }
  }
}
