import SounderAutograd
import SounderComm
import SounderNN

/// Joins the statistics of synchronised batch normalisation over all ranks.
///
/// Numbers are joined in the order of the shards, host by host, so that they do not depend on how ranks
/// were numbered. A rank computes its shards one after the other, while the statistics need all of them at
/// once: every rank must have exactly one, and every shard at least one sample.
final class JointStatistics: BatchPartExchange {
  private let group: any ProcessGroup
  private let layers: [BatchNorm]
  /// The rank of each shard.
  private let order: [Int]
  private var failure: (any Error)?

  /// An exchange for the synchronised layers of a model; nil if there are none, or one rank has all
  /// samples anyway.
  /// - Throws: ``ParallelError`` if a rank has several shards.
  init?(model: Module, group: any ProcessGroup, plan: ShardPlan) throws {
    let layers = model.synchronisedNorms
    guard let first = layers.first, plan.shards > 1 else { return nil }
    guard plan.shards == group.size else {
      throw ParallelError(
        "parallel.virtual_shards is \(plan.shards) on \(group.size) ranks, but layer '\(first.name)' "
          + "normalises over the whole batch (sync: true) and a rank computes its shards one by one; "
          + "set virtual_shards to auto, or sync to false")
    }
    self.group = group
    self.layers = layers.map(\.layer)
    let topology = group.topology
    order = (0..<topology.hostCount).flatMap { topology.ranks(onHost: $0) }
    for layer in self.layers { layer.exchange = self }
  }

  /// Lets the layers normalise by what they see alone again.
  func detach() {
    for layer in layers { layer.exchange = nil }
  }

  func gather(_ numbers: [Double]) throws -> [[Double]] {
    let all = try group.allGather(words: numbers.map(\.bitPattern))
    return order.map { all[$0].map(Double.init(bitPattern:)) }
  }

  func note(_ error: any Error) { failure = failure ?? error }

  /// Throws what has gone wrong in a forward pass since the last call.
  func check() throws {
    defer { failure = nil }
    if let failure { throw failure }
  }

  /// Refuses a batch that leaves a rank without samples; all ranks find out alike.
  func check(batch count: Int) throws {
    guard count < order.count else { return }
    throw ParallelError(
      "a batch has \(count) sample\(count == 1 ? "" : "s") for \(order.count) ranks, but "
        + "normalising over the whole batch (sync: true) needs one on every rank; change "
        + "train.batch_size or start fewer ranks")
  }
}
