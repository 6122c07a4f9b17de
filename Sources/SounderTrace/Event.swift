/// Something that happened on a rank, of 56 bytes: what, when, and two numbers.
///
/// *Coarse* events (steps, buckets, collectives, waits, messages, files) are always recorded;
/// operators, the two kinds that begin with `operator`, only while they are traced.
@frozen public struct Event: Sendable, BitwiseCopyable {
  /// When it began, in nanoseconds of the host's monotonic clock.
  public var begin: UInt64
  /// When it ended; equal to `begin` for an instant, 0 while it goes on.
  public var end: UInt64
  /// What it is called; the address is of use in this process only.
  public var name: EventName
  /// For coarse events their running number on the rank, from 1.
  ///
  /// For operators the number of the node in the graph, which pairs forward and backward; 0 if none
  /// was recorded.
  public var sequence: UInt64
  /// A number whose meaning depends on the kind: a bucket, a rank, a step, an element count.
  public var a: Int64
  /// A second one, often a number of bytes or elements.
  public var b: Int64
  /// The rank.
  public var rank: Int32
  /// The thread of the rank, 0 being the one that trains.
  public var thread: UInt16
  /// What sort of event it is.
  public var kind: EventKind
  /// Whether it ran beside the other events of its thread, as a transfer in flight does.
  public var isAsynchronous: Bool

  /// An event with all its fields.
  @inlinable public init(
    begin: UInt64, end: UInt64, name: EventName, sequence: UInt64, a: Int64 = 0, b: Int64 = 0,
    rank: Int32, thread: UInt16, kind: EventKind, isAsynchronous: Bool = false
  ) {
    self.begin = begin
    self.end = end
    self.name = name
    self.sequence = sequence
    self.a = a
    self.b = b
    self.rank = rank
    self.thread = thread
    self.kind = kind
    self.isAsynchronous = isAsynchronous
  }
}

/// Receives the coarse events of a rank as they happen: the flight recorder.
///
/// The calls come from any thread of the rank, several at a time, in the middle of a step: they must not
/// block, allocate or take a lock, and should take less than 100 ns. ``Event/sequence`` numbers the
/// events of the rank from 1, so `sequence % capacity` is a place in a ring. The name's address is of no
/// use to another process: copy its bytes.
public protocol EventSink: AnyObject, Sendable {
  /// A span has begun; its `end` is 0. It comes again when `b` changes before the end.
  func begin(_ event: Event)
  /// The span with the same `sequence` has ended, or an instant has happened, which has no `begin`.
  func end(_ event: Event)
}
