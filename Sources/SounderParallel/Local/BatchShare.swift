/// The shards of a batch that those who take a step together compute: all of them, or those of one rank.
struct BatchShare: Sendable {
  /// How the whole batch is cut.
  let plan: ShardPlan
  /// The shards that are computed.
  let shards: Range<Int>
  /// The samples of the whole batch.
  let sampleCount: Int

  /// The samples of these shards.
  var ownCount: Int {
    shards.reduce(0) { $0 + plan.samples(of: $1, in: sampleCount).count }
  }

  /// The part of these shards' samples that lie in one of them.
  func weight(of shard: Int) -> Double {
    let count = plan.samples(of: shard, in: sampleCount).count
    return count == 0 ? 0 : Double(count) / Double(ownCount)
  }
}
