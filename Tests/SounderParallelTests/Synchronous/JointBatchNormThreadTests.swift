import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Batch normalisation over all ranks")
struct JointBatchNormThreadTests {
  /// An exchange among the ranks of a group, without a model.
  private final class GroupExchange: BatchPartExchange {
    let group: any ProcessGroup
    init(_ group: any ProcessGroup) { self.group = group }
    func gather(_ numbers: [Double]) throws -> [[Double]] {
      try group.allGather(words: numbers.map(\.bitPattern)).map {
        $0.map(Double.init(bitPattern:))
      }
    }
    func note(_ error: any Error) { fatalError("\(error)") }
  }

  /// Output, and the gradients of input, weight and bias, of a batch or a part of it.
  private struct Values: Sendable {
    var output: [Double]
    var input: [Double]
    var weight: [Double]
    var bias: [Double]
  }

  private static let samples = 11
  private static let shape: Shape = [samples, 3, 2]

  private static func random(_ shape: Shape, _ stream: inout RandomStream) -> Tensor {
    Tensor(Tensor.randn(shape, from: &stream).array.cast(to: .float64))
  }

  private static func batch() -> (x: Tensor, target: Tensor, weight: Tensor, bias: Tensor) {
    var stream = RandomStream(seed: 5, stream: 0)
    let x = random(shape, &stream) * 3.0 + 100.0
    let target = random(shape, &stream)
    return (
      x, target, .parameter(random([3], &stream).array),
      .parameter(random([3], &stream).array)
    )
  }

  /// The gradient of Σ (output × target)², of the samples in a range.
  private static func values(
    _ range: Range<Int>, _ normalise: (Tensor, Tensor, Tensor) throws -> Tensor
  ) throws -> Values {
    let (all, target, weight, bias) = batch()
    let x = Tensor.parameter(all.narrow(0, range.lowerBound, range.count).contiguous().array)
    let output = try normalise(x, weight, bias)
    let product = output * target.narrow(0, range.lowerBound, range.count)
    try (product * product).sum().backward()
    func numbers(_ tensor: Tensor?) -> [Double] { tensor?.array.toArray(as: Double.self) ?? [] }
    return Values(
      output: numbers(output), input: numbers(x.grad), weight: numbers(weight.grad),
      bias: numbers(bias.grad))
  }

  private static func distance(_ left: [Double], _ right: [Double]) -> Double {
    left.count != right.count
      ? .infinity
      : zip(left, right).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
  }

  @Test(
    "DP-30: outputs and gradients are those of one process with the whole batch",
    arguments: [1, 2, 3, 4])
  func gradients(ranks: Int) throws {
    let expected = try Self.values(0..<Self.samples) { x, weight, bias in
      x.batchNorm(nil, nil, weight: weight, bias: bias, training: true, momentum: 0.1, eps: 1e-5)
    }
    let parts = try ThreadGroup.run(ranks: ranks, timeout: .seconds(30)) { group in
      let range = group.rank * Self.samples / ranks..<(group.rank + 1) * Self.samples / ranks
      return try Self.values(range) { x, weight, bias in
        x.jointBatchNorm(weight: weight, bias: bias, eps: 1e-5, exchange: GroupExchange(group))
          .output
      }
    }
    func sum(_ values: [[Double]]) -> [Double] {
      values.dropFirst().reduce(values[0]) { zip($0, $1).map(+) }
    }
    #expect(Self.distance(parts.flatMap(\.output), expected.output) < 1e-10)
    #expect(Self.distance(parts.flatMap(\.input), expected.input) < 1e-10)
    #expect(Self.distance(sum(parts.map(\.weight)), expected.weight) < 1e-10)
    #expect(Self.distance(sum(parts.map(\.bias)), expected.bias) < 1e-10)
  }

  private final class Net: Module {
    let first = Linear(4, 6)
    let norm: BatchNorm1d
    let last = Linear(6, 1)
    init(sync: Bool) { norm = BatchNorm1d(6, sync: sync) }
    override func forward(_ input: Tensor) -> Tensor { last(norm(first(input)).relu()) }
  }

  /// Trains on batches of uneven size; returns parameters and buffers of every rank.
  private func train(
    ranks: Int, hosts: Int = 1, sync: Bool = true, update: DataParallel.Update = .sharded
  ) throws -> [[Float]] {
    try ThreadGroup.run(ranks: ranks, hosts: hosts, timeout: .seconds(30)) { group in
      let model = Net(sync: sync)
      model.initialize(seed: 2)
      var options = DataParallel.Options()
      options.update = update
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1, momentum: 0.9), group: group,
        options: options)
      var stream = RandomStream(seed: 8, stream: 1)
      for count in [13, 13, 7] {
        let x = Tensor.randn([count, 4], from: &stream)
        _ = try parallel.step(learningRate: 0.1, sampleCount: count) { shard in
          let range = parallel.plan.samples(of: shard, in: count)
          let output = model(x.narrow(0, range.lowerBound, range.count))
          return (output * output).mean()
        }
      }
      return (model.namedParameters + model.namedBuffers).flatMap { $0.tensor.floats() }
    }
  }

  @Test(
    "DP-30: a model that is trained on several ranks is that of one rank, running statistics included",
    arguments: [2, 3, 4], DataParallel.Update.allCases)
  func training(ranks: Int, update: DataParallel.Update) throws {
    let alone = try train(ranks: 1)[0]
    let together = try train(ranks: ranks, update: update)
    #expect(together.allSatisfy { $0 == together[0] })
    let distance = Self.distance(together[0].map(Double.init), alone.map(Double.init))
    #expect(distance < 2e-5, "distance \(distance)")
    // The control: without sync the ranks' own statistics lead elsewhere.
    let apart = try train(ranks: ranks, sync: false)
    #expect(Self.distance(apart[0].map(Double.init), alone.map(Double.init)) > 1e-3)
  }

  @Test("DP-30: the order of hosts does not matter")
  func hosts() throws {
    let expected = try train(ranks: 4)[0]
    #expect(try train(ranks: 4, hosts: 2).allSatisfy { $0 == expected })
  }

  @Test("DP-30: several shards on a rank and batches without samples for all are refused")
  func refusals() throws {
    #expect {
      try ThreadGroup.run(ranks: 2, timeout: .seconds(30)) { group in
        var options = DataParallel.Options()
        options.virtualShards = 4
        _ = try DataParallel(
          model: Net(sync: true), optimizer: .sgd(learningRate: 0.1), group: group,
          options: options)
      }
    } throws: { "\($0)".contains("layer 'norm' normalises over the whole batch") }
    #expect {
      try ThreadGroup.run(ranks: 3, timeout: .seconds(30)) { group in
        let model = Net(sync: true)
        let parallel = try DataParallel(
          model: model, optimizer: .sgd(learningRate: 0.1), group: group)
        _ = try parallel.step(learningRate: 0.1, sampleCount: 2) { _ in model(.ones([1, 4])).sum() }
      }
    } throws: { "\($0)".contains("a batch has 2 samples for 3 ranks") }
  }

  @Test("DP-15: two forward passes before one backward pass work, with running statistics")
  func twoForwards() throws {
    let losses = try ThreadGroup.run(ranks: 2, timeout: .seconds(30)) { group in
      let model = Net(sync: group.size < 0)
      model.initialize(seed: 2)
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1), group: group)
      return try (0..<3).map { step in
        var stream = RandomStream(seed: 1, stream: UInt64(step))
        let x = Tensor.randn([8, 4], from: &stream)
        return try parallel.step(learningRate: 0.1, sampleCount: 8) { _ in
          let (one, two) = (model(x), model(x * 2.0))
          return (one - two).abs().mean()
        }.loss
      }
    }
    #expect(losses[0] == losses[1] && losses[0].allSatisfy(\.isFinite))
  }

  @Test("DP-15: every rank has the same running statistics after every step", arguments: [1, 2])
  func sameStatistics(hosts: Int) throws {
    let all = try ThreadGroup.run(ranks: 4, hosts: hosts, timeout: .seconds(30)) { group in
      let model = Net(sync: false)
      model.initialize(seed: 2)
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1), group: group)
      return try (0..<3).map { step in
        var stream = RandomStream(seed: 1, stream: UInt64(step))
        let x = Tensor.randn([9, 4], from: &stream)
        _ = try parallel.step(learningRate: 0.1, sampleCount: 9) { shard in
          let range = parallel.plan.samples(of: shard, in: 9)
          return model(x.narrow(0, range.lowerBound, range.count)).sum()
        }
        return model.namedBuffers.flatMap { $0.tensor.floats() }
      }
    }
    #expect(all.allSatisfy { $0 == all[0] })
    #expect(all[0][0] != all[0][1] && all[0][1] != all[0][2])
  }
}
