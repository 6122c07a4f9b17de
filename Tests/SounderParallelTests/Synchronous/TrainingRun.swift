import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

@testable import SounderParallel

/// A short training run on random data, for comparing ways to run it.
struct TrainingRun: Sendable, CustomStringConvertible {
  var ranks = 1
  var hosts = 1
  /// The host of every rank where they are not spread evenly.
  var hostOfRank: [Int]?
  var shards = 8
  var update = DataParallel.Update.sharded
  var shardState = DataParallel.ShardState.host
  var optimizer = OptimizerConfiguration.sgd(learningRate: 0.1, momentum: 0.9)
  var clipNorm: Double?
  var compression = Compression.none
  var communicationThread = CommunicationThread.auto
  var dropout = 0.3
  var bucketBytes = 2048
  var steps = 5
  var samples = 21
  var accumulate = 1
  var layout: BucketLayout?
  /// Whether steps are taken by calls of `forward`, `backward` and `update`.
  var takesStepsApart = false

  var description: String {
    "\(ranks) ranks, \(hostOfRank.map { "\($0)" } ?? "\(hosts)") hosts, \(shards) shards, \(update), state \(shardState), \(optimizer.kind), "
      + "clip \(clipNorm.map { "\($0)" } ?? "off")"
  }

  /// What a run leaves: the bits of all parameters of every rank, and the losses.
  struct Result: Sendable, Equatable {
    var bits: [UInt32]
    var losses: [UInt64]
  }

  func makeModel() -> MLP {
    let model = MLP(12, hidden: [40, 30], 5, dropout: dropout, layerNorm: true)
    model.initialize(seed: 3)
    return model
  }

  /// The batch of a step; its size changes, so that the last shards may be empty.
  func batch(_ step: Int) -> (inputs: Tensor, targets: Tensor) {
    let count = step == steps - 1 ? 5 : samples
    var stream = RandomStream(seed: 9, stream: UInt64(step))
    let inputs = Tensor.randn([count, 12], from: &stream)
    return (inputs, Tensor((0..<count).map { _ in stream.next(below: 5) }))
  }

  static func bits(_ model: Module) -> [UInt32] {
    model.namedParameters.flatMap { $0.tensor.floats().map(\.bitPattern) }
  }

  /// Runs on a group and returns what this rank has at the end.
  func callAsFunction(
    _ group: any ProcessGroup, watch: (DataParallel) -> Void = { _ in }
  ) throws -> Result {
    let model = makeModel()
    var options = DataParallel.Options()
    options.update = update
    options.shardState = shardState
    options.virtualShards = shards
    options.bucketBytes = bucketBytes
    options.clipNorm = clipNorm
    options.compression = compression
    options.communicationThread = communicationThread
    options.seed = 11
    options.accumulate = accumulate
    options.bucketLayout = layout
    let parallel = try DataParallel(
      model: model, optimizer: optimizer, group: group, options: options)
    watch(parallel)
    var losses: [UInt64] = []
    for step in 0..<steps {
      let (inputs, targets) = batch(step)
      let count = inputs.shape[0]
      func loss(_ shard: Int) -> Tensor {
        let range = parallel.plan.samples(of: shard, in: count)
        return model(inputs.narrow(0, range.lowerBound, range.count))
          .crossEntropy(targets.narrow(0, range.lowerBound, range.count))
      }
      if takesStepsApart {
        for shard in parallel.shards {
          let own = parallel.plan.samples(of: shard, in: count).count
          try parallel.backward(
            own == 0 ? nil : try parallel.forward(loss), weight: Double(own) / Double(count),
            sync: shard == parallel.shards.last)
        }
        let outcome = try parallel.update(learningRate: optimizer.learningRate)
        losses.append(outcome.loss.bitPattern)
      } else {
        let outcome = try parallel.step(
          learningRate: optimizer.learningRate, sampleCount: count, loss: loss)
        losses.append(outcome.loss.bitPattern)
      }
    }
    return Result(bits: Self.bits(model), losses: losses)
  }

  /// Runs with ranks as threads; all must agree.
  func onThreads() throws -> [Result] {
    let even = (0..<ranks).map { $0 * hosts / ranks }
    return try ThreadGroup.run(hostOfRank: hostOfRank ?? even, timeout: .seconds(60)) {
      try self($0)
    }
  }
}
