import CKernels

/// Finds losses and gradients that are infinite or not a number before other ranks use them.
///
/// Each gradient is read once more, right after it was written and so mostly from the cache.
final class FiniteInspector: GradientInspector {
  private let names: [String]
  private let rank: Int
  private let policy: NonFinitePolicy
  private var step = 0
  /// What this rank has found in this step.
  private(set) var finding: NonFiniteError?

  init(names: [String], rank: Int, policy: NonFinitePolicy) {
    self.names = names
    self.rank = rank
    self.policy = policy
  }

  /// Begins a step, counted from 1.
  func begin(step: Int) {
    self.step = step
    finding = nil
  }

  /// Looks at the loss of a shard.
  /// - Throws: ``NonFiniteError`` unless such steps are to be skipped.
  func inspect(loss: Double) throws {
    if !loss.isFinite { try find("the loss", loss) }
  }

  func accepts(parameter: Int, values: UnsafeBufferPointer<Float>) throws -> Bool {
    if ck_all_finite_f32(values.baseAddress, Int64(values.count)) == 0 {
      let value = values.first { !$0.isFinite } ?? .nan
      try find("the gradient of '\(names[parameter])'", Double(value))
    }
    // After a bad loss no gradient of the step is any good.
    return finding == nil
  }

  private func find(_ quantity: String, _ value: Double) throws {
    // The sign of what is no number means nothing.
    let error = NonFiniteError(
      rank: rank, step: step, quantity: quantity, value: value.isNaN ? .nan : value)
    if policy == .abort { throw error }
    finding = finding ?? error
  }
}
