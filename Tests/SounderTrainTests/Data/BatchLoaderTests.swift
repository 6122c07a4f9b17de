import SounderArray
import Testing

@testable import SounderTrain

@Suite("The batch loader")
struct BatchLoaderTests {
  struct Broken: Error {}

  private static let digits = DigitsDataset.make(seed: 1, trainCount: 50, testCount: 10)

  @Test("Batches arrive in order, complete and converted", arguments: [1, 2, 5])
  func order(_ depth: Int) throws {
    let sampler = DistributedSampler(
      sampleCount: 50, batchSize: 16, shardCount: 4, seed: 3)
    var seen: [[Int64]] = []
    for rank in 0..<2 {
      let loader = BatchLoader(
        Self.digits.train, sampler, shards: sampler.shards(rank: rank, of: 2), epochs: 0..<2,
        depth: depth)
      var expected = (0..<2).flatMap { epoch in (0..<4).map { (epoch, $0) } }[...]
      while let batch = try loader.next() {
        let next = expected.popFirst()
        let (epoch, step) = try #require(next)
        #expect(batch.epoch == epoch && batch.step == step)
        #expect(batch.globalCount == (step == 3 ? 2 : 16))
        #expect(batch.shards.map(\.index) == Array(rank * 2..<rank * 2 + 2))
        for shard in batch.shards {
          #expect(shard.features.dtype == .float32 && shard.features.shape[1] == 784)
          let targets = shard.targets.pointer.assumingMemoryBound(to: Int64.self)
          seen.append((0..<shard.sampleCount).map { targets[$0] })
        }
      }
      #expect(expected.isEmpty)
      #expect(try loader.next() == nil)
    }
    #expect(seen.joined().count == 100)
  }

  @Test("An error reaches the consumer after the batches before it")
  func error() throws {
    let batch = Batch(epoch: 0, step: 0, globalCount: 0, shards: [])
    let loader = BatchLoader(depth: 2) { deliver in
      _ = deliver(batch)
      throw Broken()
    }
    #expect(try loader.next() != nil)
    #expect(throws: Broken.self) { try loader.next() }
  }

  @Test("Dropping a loader ends its thread, even one that waits for room")
  func shutdown() async throws {
    let batch = Batch(epoch: 0, step: 0, globalCount: 0, shards: [])
    await confirmation { ended in
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        let loader = BatchLoader(depth: 1) { deliver in
          while deliver(batch) {}
          ended()
          done.resume()
        }
        _ = try? loader.next()
      }
    }
  }
}
