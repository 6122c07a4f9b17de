import CKernels
import Foundation

/// How long a rank spins, then yields its core, before it sleeps.
///
/// With a core for each rank a short spin catches most waits, and the core has nothing better to do.
/// With more ranks than cores every spin delays the rank that is waited for, so it yields at once.
public struct WaitPolicy: Sendable, Hashable {
  /// Processor pauses before yielding.
  public var pauses: Int
  /// Time spent yielding before sleeping.
  public var yielding: Duration

  /// A policy with the given limits.
  public init(pauses: Int, yielding: Duration) {
    self.pauses = pauses
    self.yielding = yielding
  }

  /// The policy for a number of ranks on a number of cores.
  public init(ranks: Int, cores: Int) {
    self =
      ranks <= cores
      ? WaitPolicy(pauses: 2000, yielding: .microseconds(500))
      : WaitPolicy(pauses: 20, yielding: .microseconds(100))
  }

  var c: ck_wait_policy {
    ck_wait_policy(
      pauses: UInt32(clamping: pauses),
      yield_nanoseconds: UInt32(clamping: yielding.wholeNanoseconds))
  }
}

extension Duration {
  /// The duration in nanoseconds, at most about 292 years.
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product &+ attoseconds / 1_000_000_000
  }
}

/// The processors the calling thread may use, as a bit mask of 1,024.
func affinityMask() -> [UInt64] {
  var words = [UInt64](repeating: 0, count: 16)
  ck_affinity_mask(&words, Int32(words.count))
  return words
}
