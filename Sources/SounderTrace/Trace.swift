import CKernels

/// A span that has begun; hand it to ``Trace/end(_:b:)`` on the same thread.
@frozen public struct Span: BitwiseCopyable {
  /// The event, with the time of its begin.
  @usableFromInline let event: Event
  @usableFromInline let nestedBefore: UInt64

  init(event: Event, nestedBefore: UInt64) {
    self.event = event
    self.nestedBefore = nestedBefore
  }
}

/// Records what the running thread does, if it belongs to a ``Recorder``; otherwise every call is one
/// thread-local load and a branch.
///
/// A coarse event costs two readings of the clock and the sink's calls, about 0.1 µs; an operator
/// costs one reading at each end, only while operators are traced.
///
/// ```swift
/// try Trace.span(.collective, "allReduce", count) { try group.allReduce(…) }
/// let span = Trace.begin(.bucketReduce, "bucket", index, bytes)
/// reduce(index)
/// Trace.end(span)
/// ```
public enum Trace {
  /// Runs `body` as a span; it ends when `body` returns or throws.
  @discardableResult
  @inlinable @inline(__always) public static func span<Result>(
    _ kind: EventKind, _ name: EventName, _ a: Int = 0, _ b: Int = 0, _ body: () throws -> Result
  ) rethrows -> Result {
    let span = begin(kind, name, a, b)
    defer { end(span) }
    return try body()
  }

  /// Begins a span; spans of a thread must nest.
  @inlinable @inline(__always) public static func begin(
    _ kind: EventKind, _ name: EventName, _ a: Int = 0, _ b: Int = 0
  ) -> Span? {
    guard let record = ThreadRecord.current else { return nil }
    return record.pointee.begin(kind, name, Int64(a), Int64(b))
  }

  /// Ends a span, with a new value of its second number if that became known only now.
  /// - Returns: how many nanoseconds it took; 0 if nothing is recorded.
  @discardableResult
  @inlinable @inline(__always) public static func end(_ span: Span?, b: Int? = nil) -> UInt64 {
    guard let span, let record = ThreadRecord.current else { return 0 }
    return record.pointee.end(span, b: b.map { Int64($0) })
  }

  /// Tells the sink that an open span has a new second number.
  static func amend(_ span: Span?, b: Int) {
    guard let span, let record = ThreadRecord.current else { return }
    var event = span.event
    event.b = Int64(b)
    record.pointee.recorder._withUnsafeGuaranteedRef { $0.sink?.begin(event) }
  }

  /// Begins something that goes on beside what the thread does next, such as a transfer; it need not
  /// nest, and ends on the same thread.
  @inlinable public static func beginInFlight(
    _ kind: EventKind, _ name: EventName, _ a: Int = 0, _ b: Int = 0
  ) -> Span? {
    guard let record = ThreadRecord.current else { return nil }
    return record.pointee.begin(kind, name, Int64(a), Int64(b), isAsynchronous: true)
  }

  /// Records a moment.
  @inlinable @inline(__always) public static func instant(
    _ kind: EventKind, _ name: EventName, _ a: Int = 0, _ b: Int = 0
  ) {
    guard let record = ThreadRecord.current else { return }
    record.pointee.instant(kind, name, Int64(a), Int64(b))
  }

  /// Notes that this rank was blocked for a time until another arrived.
  public static func waited(forRank rank: Int, nanoseconds: UInt64) {
    guard let record = ThreadRecord.current else { return }
    record.pointee.recorder._withUnsafeGuaranteedRef { $0.waited(for: rank, nanoseconds) }
  }

  // MARK: Operators

  /// The time at which an operator begins; 0 unless operators are traced on this thread.
  @inlinable @inline(__always) public static func beginOperator() -> UInt64 {
    ck_thread().pointee.operator_trace == nil ? 0 : ck_monotonic_nanoseconds()
  }

  /// Records an operator that began at `begin`, which must not be 0, with the number of its node.
  @inline(never) public static func endOperator(
    _ kind: EventKind, _ name: EventName, begin: UInt64, sequence: UInt64, elements: Int = 0
  ) {
    // The trace may have ended inside a composite operator.
    guard let record = ck_thread().pointee.operator_trace else { return }
    record.assumingMemoryBound(to: ThreadRecord.self).pointee
      .endOperator(kind, name, begin: begin, sequence: sequence, a: Int64(elements))
  }
}
