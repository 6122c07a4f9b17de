import SounderArray

/// Decides which samples each shard of each step gets, the same on every rank.
///
/// An epoch is a permutation of all samples, a function of seed and epoch. Step `s` takes the next
/// `batchSize` samples of it; the last batch of an epoch may be smaller. A batch is cut into
/// `shardCount` contiguous parts whose sizes differ by at most one, and each rank owns a contiguous
/// range of shards. Which samples meet in a shard does not depend on the number of ranks.
public struct DistributedSampler: Sendable {
  /// The number of samples in the data set.
  public let sampleCount: Int
  /// Samples per step over all ranks.
  public let batchSize: Int
  /// Parts of every batch.
  public let shardCount: Int
  /// The seed of the permutations.
  public let seed: Int
  /// Whether epochs are permuted at all.
  public let shuffles: Bool

  /// A sampler; all counts must be positive.
  public init(sampleCount: Int, batchSize: Int, shardCount: Int, seed: Int, shuffles: Bool = true) {
    require(
      sampleCount > 0 && sampleCount <= Int(Int32.max) && batchSize > 0 && shardCount > 0,
      "DistributedSampler: \(sampleCount) samples in batches of \(batchSize), \(shardCount) shards")
    self.sampleCount = sampleCount
    self.batchSize = batchSize
    self.shardCount = shardCount
    self.seed = seed
    self.shuffles = shuffles
  }

  /// Steps in which every sample is visited once.
  public var stepsPerEpoch: Int { (sampleCount + batchSize - 1) / batchSize }

  /// The samples of an epoch in the order of their visit.
  public func order(epoch: Int) -> [Int32] {
    guard shuffles else { return (0..<Int32(sampleCount)).map { $0 } }
    var random = CounterRandom(seed: seed, purpose: .epochOrder, index: epoch)
    return random.permutation(sampleCount)
  }

  /// Positions in the epoch's order that a step visits.
  public func batch(step: Int) -> Range<Int> {
    require(step >= 0 && step < stepsPerEpoch, "DistributedSampler: no step \(step) in an epoch")
    return step * batchSize..<min((step + 1) * batchSize, sampleCount)
  }

  /// Positions in the epoch's order that one shard of a step visits; empty if the batch is short.
  public func shard(_ shard: Int, step: Int) -> Range<Int> {
    let batch = batch(step: step)
    let part = Self.part(shard, of: shardCount, in: batch.count)
    return batch.lowerBound + part.lowerBound..<batch.lowerBound + part.upperBound
  }

  /// The shards that a rank computes.
  public func shards(rank: Int, of rankCount: Int) -> Range<Int> {
    Self.part(rank, of: rankCount, in: shardCount)
  }

  /// The `index`-th of `parts` contiguous near-equal parts of `0..<count`.
  static func part(_ index: Int, of parts: Int, in count: Int) -> Range<Int> {
    require(index >= 0 && index < parts, "DistributedSampler: no part \(index) of \(parts)")
    return count * index / parts..<count * (index + 1) / parts
  }
}
