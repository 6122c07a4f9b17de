import CKernels

/// How a collective combines the contributions of the ranks.
///
/// Every operation follows one fixed tree over the ranks, so all ranks, all runs and all transports
/// give the same bits. A NaN in any contribution is the result.
public enum ReduceOperation: UInt8, Sendable, CaseIterable {
  /// The sum; integers wrap.
  case sum = 1
  /// The sum divided by the number of ranks; integers round toward zero.
  case mean
  /// The smallest value.
  case min
  /// The largest value.
  case max
}
