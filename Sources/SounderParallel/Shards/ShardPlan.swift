/// Which virtual shards of the global batch a rank computes, and where it adds their gradients up.
///
/// Shards are dealt in contiguous ranges, as evenly as possible. A rank computes its shards one after
/// the other, each into a *slot* of gradient memory; as soon as two neighbouring slots hold the children
/// of one tree node, the right one is added to the left one and becomes free. What remains are the
/// largest tree nodes inside the rank's range.
public struct ShardPlan: Sendable, Hashable {
  /// The number of virtual shards of the global batch.
  public let shards: Int
  /// The number of ranks.
  public let ranks: Int

  /// A plan for a number of shards on a number of ranks.
  /// - Throws: ``ParallelError`` if there are fewer shards than ranks.
  public init(shards: Int, ranks: Int) throws {
    guard shards >= ranks, ranks > 0 else {
      throw ParallelError(
        "parallel.virtual_shards is \(shards), but there are \(ranks) ranks: every rank needs at least "
          + "one shard; raise virtual_shards or start fewer ranks")
    }
    self.shards = shards
    self.ranks = ranks
  }

  /// The shards of a rank.
  public func shards(of rank: Int) -> Range<Int> {
    rank * shards / ranks..<(rank + 1) * shards / ranks
  }

  /// The rank that computes a shard.
  public func rank(of shard: Int) -> Int {
    (0..<ranks).first { shards(of: $0).contains(shard) } ?? 0
  }

  /// The positions of a shard's samples in a batch of `count`.
  public func samples(of shard: Int, in count: Int) -> Range<Int> {
    shard * count / shards..<(shard + 1) * count / shards
  }

  /// What a rank does after each of its shards.
  public struct Step: Sendable, Hashable {
    /// The shard.
    public let shard: Int
    /// The slot its gradient is written to.
    public let slot: Int
    /// Additions that follow, each of a slot to the one before it.
    public let additions: [Int]
  }

  /// The steps of a rank in order, and the tree nodes its slots hold at the end.
  public func schedule(of rank: Int) -> (steps: [Step], nodes: [Range<Int>]) {
    var stack: [Range<Int>] = []
    var steps: [Step] = []
    for shard in shards(of: rank) {
      stack.append(shard..<shard + 1)
      let slot = stack.count - 1
      var additions: [Int] = []
      while stack.count > 1,
        let joined = ReductionTree.parent(
          of: stack[stack.count - 2], stack[stack.count - 1], of: shards)
      {
        additions.append(stack.count - 1)
        stack.removeLast(2)
        stack.append(joined)
      }
      steps.append(Step(shard: shard, slot: slot, additions: additions))
    }
    return (steps, stack)
  }

  /// The largest number of slots any rank needs.
  public var slotCount: Int {
    (0..<ranks).map { schedule(of: $0).steps.map { $0.slot + 1 }.max() ?? 1 }.max() ?? 1
  }
}
