import CKernels

/// Finds losses and gradients that are infinite or not a number before other ranks use them.
///
/// Where steps may be skipped, and on several hosts, each rank looks at its gradients before it publishes
/// them. Else it is enough to look at sums while they are in the first cache, which costs half as much on one
/// rank and less on several, and to search for the rank only when one is bad.
final class FiniteInspector: GradientInspector {
  private let names: [String]
  private let elements: [FlatElement]
  private let rank: Int
  private let policy: NonFinitePolicy
  private var step = 0
  /// What this rank has found in this step.
  private(set) var finding: NonFiniteError?

  init(_ layout: WordLayout, rank: Int, policy: NonFinitePolicy) {
    names = layout.entries.map(\.name)
    elements = layout.entries.map(\.element)
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
    guard let base = values.baseAddress else { return finding == nil }
    let element = elements[parameter]
    if !element.areFinite(base, words: values.count) {
      let value = element.firstNotFinite(base, words: values.count) ?? .nan
      try find("the gradient of '\(names[parameter])'", value)
    }
    // After a bad loss no gradient of the step is any good.
    return finding == nil
  }

  /// The error for a block of a sum that is no finite number, with the rank whose part of it is none.
  ///
  /// - Parameters:
  ///   - leaves: The parts of the sum.
  ///   - rankOfShard: The rank of each shard.
  func error(
    ofSum block: BucketPlan.Segment, leaves: [TreeSum.Leaf], rankOfShard: (Int) -> Int
  ) -> NonFiniteError {
    let element = elements[block.parameter]
    let name = "the gradient of '\(names[block.parameter])'"
    for leaf in leaves {
      if let value = element.firstNotFinite(
        leaf.base + block.range.lowerBound, words: block.range.count)
      {
        return found(name, value, rank: rankOfShard(leaf.node.lowerBound))
      }
    }
    // Finite numbers too large to be added.
    return found("the sum over all ranks of \(name)", .infinity, rank: rank)
  }

  private func found(_ quantity: String, _ value: Double, rank: Int) -> NonFiniteError {
    // The sign of what is no number means nothing.
    NonFiniteError(
      rank: rank, step: step, quantity: quantity, value: value.isNaN ? .nan : value)
  }

  private func find(_ quantity: String, _ value: Double) throws {
    let error = found(quantity, value, rank: rank)
    if policy == .abort { throw error }
    finding = finding ?? error
  }
}
