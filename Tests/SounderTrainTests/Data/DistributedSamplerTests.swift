import Testing

@testable import SounderTrain

@Suite("The distributed sampler")
struct DistributedSamplerTests {
  static let cases: [(count: Int, batch: Int, shards: Int)] = [
    (100, 10, 1), (103, 10, 4), (7, 64, 4), (64, 64, 3), (1, 1, 1), (1_000, 33, 8),
  ]

  @Test("An epoch visits every sample exactly once, for any number of ranks", arguments: cases)
  func complete(_ count: Int, _ batch: Int, _ shards: Int) {
    let sampler = DistributedSampler(
      sampleCount: count, batchSize: batch, shardCount: shards, seed: 5)
    for rankCount in [1, 2, 3, 4, 9] {
      let order = sampler.order(epoch: 2)
      var visited: [Int32] = []
      for step in 0..<sampler.stepsPerEpoch {
        for rank in 0..<rankCount {
          for shard in sampler.shards(rank: rank, of: rankCount) {
            visited += order[sampler.shard(shard, step: step)]
          }
        }
      }
      // Ranks in order own shards in order: the visit does not depend on their number.
      #expect(visited == order)
      #expect(visited.sorted() == (0..<Int32(count)).map { $0 })
    }
  }

  @Test("Shards of a step differ by at most one sample", arguments: cases)
  func balanced(_ count: Int, _ batch: Int, _ shards: Int) {
    let sampler = DistributedSampler(
      sampleCount: count, batchSize: batch, shardCount: shards, seed: 5)
    for step in 0..<sampler.stepsPerEpoch {
      let sizes = (0..<shards).map { sampler.shard($0, step: step).count }
      #expect(sizes.reduce(0, +) == sampler.batch(step: step).count)
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  @Test("Orders are a function of seed and epoch")
  func seeded() {
    func order(_ seed: Int, _ epoch: Int, shuffles: Bool = true) -> [Int32] {
      DistributedSampler(
        sampleCount: 500, batchSize: 8, shardCount: 1, seed: seed, shuffles: shuffles
      ).order(epoch: epoch)
    }
    #expect(order(1, 0) == order(1, 0))
    #expect(order(1, 0) != order(1, 1))
    #expect(order(1, 0) != order(2, 0))
    #expect(order(1, 7, shuffles: false) == (0..<500).map { $0 })
  }

  @Test("A permutation has no favourite places")
  func uniform() {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 6), count: 6)
    for epoch in 0..<6_000 {
      let order = DistributedSampler(sampleCount: 6, batchSize: 1, shardCount: 1, seed: 9)
        .order(epoch: epoch)
      for (place, sample) in order.enumerated() { counts[place][Int(sample)] += 1 }
    }
    // Each count is binomial with mean 1000 and deviation 29.
    #expect(counts.joined().allSatisfy { abs($0 - 1_000) < 150 })
  }
}
