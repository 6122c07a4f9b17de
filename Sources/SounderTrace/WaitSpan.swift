/// The time a rank stands still until others arrive; an event only if it does.
///
/// ```swift
/// var blocked = WaitSpan()
/// defer { blocked.end() }
/// for rank in others where !hasArrived(rank) {
///   blocked.blocks(on: rank)
///   wait(for: rank)
/// }
/// ```
/// The whole time is put down to the rank that arrived last, which is the last one that had to be waited
/// for, in whatever order they are asked.
public struct WaitSpan {
  private var span: Span?
  private var last = 0

  /// Nobody is waited for yet.
  public init() {}

  /// From now on this rank waits for another, if it does not yet wait for one.
  public mutating func blocks(on rank: Int) {
    if span == nil {
      span = Trace.begin(.wait, "wait", rank, rank)
    } else if rank != last {
      Trace.amend(span, b: rank)
    }
    last = rank
  }

  /// Everybody has arrived, or the wait has failed.
  public func end() {
    guard let span else { return }
    let nanoseconds = Trace.end(span, b: last)
    Trace.waited(forRank: last, nanoseconds: nanoseconds)
  }
}
