import Foundation
import SounderArray
import SounderAutograd
import SounderNN
import Testing

@testable import SounderComm
@testable import SounderParallel

@Suite("Batches that ranks cannot share evenly")
struct UnevenBatchThreadTests {
  /// Sizes of the batches: uneven, one sample, fewer samples than ranks or shards, whole ones.
  private static let sizes = [13, 16, 1, 3, 7, 2, 16, 5]

  private struct Result: Sendable, Equatable {
    var bits: [UInt32]
    var losses: [Double]
    /// Collectives called during steps.
    var calls: Int
  }

  private static func batch(_ step: Int) -> (x: Tensor, y: Tensor) {
    var stream = RandomStream(seed: 6, stream: UInt64(step))
    let x = Tensor.randn([sizes[step], 5], from: &stream)
    return (x, Tensor((0..<sizes[step]).map { _ in stream.next(below: 3) }))
  }

  private func train(
    ranks: Int, shards: Int?, update: DataParallel.Update = .sharded,
    sizes: [Int] = UnevenBatchThreadTests.sizes
  ) throws -> [Result] {
    try ThreadGroup.run(ranks: ranks, timeout: .seconds(30)) { group in
      let model = MLP(5, hidden: [12], 3)
      model.initialize(seed: 1)
      var options = DataParallel.Options()
      options.update = update
      options.virtualShards = shards
      options.bucketBytes = 128
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.2, momentum: 0.9), group: group,
        options: options)
      let before = group.host.sequence
      var losses: [Double] = []
      for step in sizes.indices {
        let (x, y) = Self.batch(step)
        let outcome = try parallel.step(learningRate: 0.2, sampleCount: sizes[step]) { shard in
          let range = parallel.plan.samples(of: shard, in: sizes[step])
          return model(x.narrow(0, range.lowerBound, range.count))
            .crossEntropy(y.narrow(0, range.lowerBound, range.count))
        }
        losses.append(outcome.loss)
      }
      return Result(
        bits: TrainingRun.bits(model), losses: losses, calls: Int(group.host.sequence - before))
    }
  }

  @Test(
    "DP-14: any number of ranks gives the same bits for batches of any size",
    arguments: DataParallel.Update.allCases)
  func bits(update: DataParallel.Update) throws {
    let expected = try train(ranks: 1, shards: 8, update: update)[0]
    for ranks in [2, 3, 4, 8] {
      for result in try train(ranks: ranks, shards: 8, update: update) {
        #expect(result.bits == expected.bits && result.losses == expected.losses, "\(ranks) ranks")
      }
    }
  }

  @Test("DP-14: the mean is that over the samples, not over ranks", arguments: [2, 3, 4, 8])
  func mean(ranks: Int) throws {
    // One shard is plain training on the whole batch.
    let plain = try train(ranks: 1, shards: 1)[0]
    let result = try train(ranks: ranks, shards: nil)[0]
    let values = zip(result.bits, plain.bits).map {
      abs(Float(bitPattern: $0) - Float(bitPattern: $1))
    }
    #expect(values.allSatisfy { $0 < 2e-5 }, "\(values.max() ?? 0)")
    #expect(zip(result.losses, plain.losses).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("DP-14: uneven batches cost no collective", arguments: [1, 3, 4])
  func collectives(ranks: Int) throws {
    let uneven = try train(ranks: ranks, shards: nil)
    // One after the first step: rank 0 tells the order of its gradients.
    #expect(uneven.allSatisfy { $0.calls <= 1 })
  }
}
