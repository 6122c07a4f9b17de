import CKernels

/// Names the loss or gradient of a step that is infinite or not a number, and the rank it came from.
///
/// Nobody looks at gradients for that alone: sums are looked at while they are in the first cache, those over a
/// host before they travel to other hosts. Only when one is bad its parts are searched for the rank. Where steps
/// may be skipped the finding is kept, ranks agree on it when all sums are there (``Reducer``).
final class FiniteInspector {
  private let names: [String]
  private let elements: [FlatElement]
  private let rank: Int
  /// The rank that computes each shard.
  private let rankOfShard: (Int) -> Int
  private let policy: NonFinitePolicy
  private var step = 0
  /// What this rank has found in this step.
  private(set) var finding: NonFiniteError?

  init(
    _ layout: WordLayout, rank: Int, policy: NonFinitePolicy, rankOfShard: @escaping (Int) -> Int
  ) {
    names = layout.entries.map(\.name)
    elements = layout.entries.map(\.element)
    self.rank = rank
    self.policy = policy
    self.rankOfShard = rankOfShard
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

  /// Looks at a gradient that is reduced apart from all others.
  ///
  /// - Parameters:
  ///   - parameter: The number of the parameter in the layout.
  ///   - values: Its values, or some of them, in words of 4 bytes whatever the type of the parameter.
  /// - Returns: Whether this rank has found nothing in this step.
  /// - Throws: ``NonFiniteError`` unless such steps are to be skipped.
  func accepts(parameter: Int, values: UnsafeBufferPointer<Float>) throws -> Bool {
    guard let base = values.baseAddress else { return finding == nil }
    let element = elements[parameter]
    if !element.areFinite(base, words: values.count) {
      let value = element.firstNotFinite(base, words: values.count) ?? .nan
      try find("the gradient of '\(names[parameter])'", value)
    }
    return finding == nil
  }

  /// Takes note of a block of a sum that is infinite or no number.
  ///
  /// - Parameter leaves: The parts of the sum.
  /// - Throws: ``NonFiniteError`` unless such steps are to be skipped.
  func note(badSum block: BucketPlan.Segment, of leaves: [TreeSum.Leaf]) throws {
    try keep(error(ofSum: block, leaves: leaves))
  }

  /// The error for a block of a sum, with the rank whose part of it is no finite number.
  private func error(ofSum block: BucketPlan.Segment, leaves: [TreeSum.Leaf]) -> NonFiniteError {
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
    try keep(found(quantity, value, rank: rank))
  }

  private func keep(_ error: NonFiniteError) throws {
    if policy == .abort { throw error }
    finding = finding ?? error
  }
}
