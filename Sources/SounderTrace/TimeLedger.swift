/// Where the time of a rank went, summed over its steps.
///
/// The parts of a thread's step add up to the step: `compute`, `hidden`, `exposed`, `waiting` and `data`.
/// What other threads and the network did meanwhile is hidden, too, and comes on top.
public struct TimeLedger: Sendable, Equatable {
  /// Nanoseconds in steps.
  public var steps: UInt64 = 0
  /// Nanoseconds of forward and backward passes and updates.
  public var compute: UInt64 = 0
  /// Nanoseconds of communication before the backward pass had ended.
  public var hidden: UInt64 = 0
  /// Nanoseconds of communication when there was nothing left to compute.
  public var exposed: UInt64 = 0
  /// Nanoseconds blocked until other ranks arrived.
  public var waiting: UInt64 = 0
  /// Nanoseconds blocked until the next batch was there.
  public var data: UInt64 = 0
  /// Nanoseconds of communication by other threads and of transfers in flight, outside the thread that
  /// trains.
  public var background: UInt64 = 0

  /// A ledger without entries.
  public init() {}

  /// The share of communication that was hidden behind the backward pass, from 0 to 1; nil without any.
  public var overlap: Double? {
    let all = hidden + background + exposed
    return all == 0 ? nil : Double(hidden + background) / Double(all)
  }

  /// The sum of two ledgers.
  public static func + (left: TimeLedger, right: TimeLedger) -> TimeLedger {
    var sum = left
    sum.steps += right.steps
    sum.compute += right.compute
    sum.hidden += right.hidden
    sum.exposed += right.exposed
    sum.waiting += right.waiting
    sum.data += right.data
    sum.background += right.background
    return sum
  }
}
