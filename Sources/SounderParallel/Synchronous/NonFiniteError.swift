/// What becomes of a step in which a loss or a gradient is infinite or not a number.
public enum NonFinitePolicy: String, Sendable, CaseIterable {
  /// The job ends with an error that names the rank, the parameter and the step.
  case abort
  /// No rank changes parameters, optimiser state or buffers; the next step goes on from there.
  case skip
}

/// A loss or gradient that is infinite or not a number, found by one rank.
public struct NonFiniteError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The rank that computed it.
  public let rank: Int
  /// The step, from 1.
  public let step: Int
  /// What it is: the loss, or the gradient of a parameter by name.
  public let quantity: String
  /// Its first value that is no finite number.
  public let value: Double

  /// What was found and where, without advice.
  public var finding: String { "\(quantity) of step \(step) is \(value) on rank \(rank)" }

  /// One line with the rank, the step and what to try.
  public var description: String {
    "training diverged: \(finding); lower optimizer.lr, set train.clip_norm, or leave such steps out "
      + "with train.on_nan: skip"
  }
}
