import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Synchronous steps are exact")
struct ExactnessConcurrencyTests {
  @Test(
    "Ranks, hosts and form don't change a bit",
    arguments: [
      OptimizerConfiguration.sgd(learningRate: 0.1, momentum: 0.9, weightDecay: 1e-3),
      .adam(learningRate: 0.01), .adamW(learningRate: 0.01),
    ], [nil, 0.5])
  func matrix(optimizer: OptimizerConfiguration, clipNorm: Double?) throws {
    var run = TrainingRun(optimizer: optimizer, clipNorm: clipNorm)
    let reference = try run(SingleProcessGroup())
    #expect(reference.losses.allSatisfy { Double(bitPattern: $0).isFinite })
    for update in DataParallel.Update.allCases {
      for (ranks, hosts) in [(1, 1), (2, 1), (3, 1), (4, 1), (8, 1), (2, 2), (5, 2), (6, 3)] {
        run.update = update
        run.ranks = ranks
        run.hosts = hosts
        for (rank, result) in try run.onThreads().enumerated() {
          #expect(result == reference, "rank \(rank) of \(run)")
        }
      }
    }
  }

  @Test(
    "DA-19: hosts of unequal size don't change a bit",
    arguments: [
      [0, 0, 1], [0, 1, 1], [0, 0, 0, 1], [0, 1, 0, 0, 1, 2], [0, 0, 0, 1, 1, 2], [0, 1, 1, 1, 2],
    ], [nil, 0.5])
  func unevenHosts(hosts: [Int], clipNorm: Double?) throws {
    var run = TrainingRun(optimizer: .adam(learningRate: 0.01), clipNorm: clipNorm)
    let reference = try run(SingleProcessGroup())
    run.hostOfRank = hosts
    for update in DataParallel.Update.allCases {
      run.update = update
      for (rank, result) in try run.onThreads().enumerated() {
        #expect(result == reference, "rank \(rank) of \(run)")
      }
    }
  }

  @Test(
    "DP-27: optimiser state shared out over all hosts doesn't change a bit",
    arguments: [[0, 1], [0, 0, 1, 1], [0, 0, 1, 2], [0, 1, 1, 1, 2, 0]],
    [
      OptimizerConfiguration.sgd(learningRate: 0.1, momentum: 0.9, weightDecay: 1e-3),
      .adam(learningRate: 0.01), .adamW(learningRate: 0.01),
    ])
  func stateOverHosts(hosts: [Int], optimizer: OptimizerConfiguration) throws {
    for clipNorm in [nil, 0.5] {
      var run = TrainingRun(optimizer: optimizer, clipNorm: clipNorm)
      let reference = try run(SingleProcessGroup())
      run.hostOfRank = hosts
      run.shardState = .all
      for (rank, result) in try run.onThreads().enumerated() {
        #expect(result == reference, "rank \(rank) of \(run)")
      }
    }
  }

  @Test(
    "DA-19, complaint 8: the size of buckets does not change a bit",
    arguments: [64, 4096, 1 << 20],
    [[0, 0, 0], [0, 1, 1], [0, 1, 2]])
  func buckets(bytes: Int, hosts: [Int]) throws {
    let reference = try TrainingRun()(SingleProcessGroup())
    for result in try TrainingRun(hostOfRank: hosts, bucketBytes: bytes).onThreads() {
      #expect(result == reference)
    }
  }

  @Test("One shard on one rank is serial training with the plain optimiser")
  func serial() throws {
    let run = TrainingRun(shards: 1, dropout: 0)
    let parallel = try run(SingleProcessGroup())
    let model = run.makeModel()
    let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: 0.9)
    for step in 0..<run.steps {
      let (inputs, targets) = run.batch(step)
      optimizer.zeroGrad()
      try model(inputs).crossEntropy(targets).backward()
      optimizer.step()
    }
    #expect(TrainingRun.bits(model) == parallel.bits)
  }

  @Test("The replicated form leaves the mean gradient on every rank")
  func gradients() throws {
    let values = try ThreadGroup.run(ranks: 2) { group in
      let weight = try Tensor([1, 2] as [Float]).requiresGrad()
      let model = Sequential([Scale(weight)])
      var options = DataParallel.Options()
      options.update = .replicated
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.5), group: group, options: options)
      _ = try parallel.step(learningRate: 0.5, sampleCount: 2) { shard in
        model(Tensor([Float(shard + 1), 1])).sum()
      }
      return (weight.grad?.floats() ?? []) + weight.floats()
    }
    #expect(values == [[1.5, 1, 0.25, 1.5], [1.5, 1, 0.25, 1.5]])
  }
}

/// Multiplies by a parameter, and has one that is never used.
private final class Scale: Module {
  let weight: Tensor
  let unused: Tensor

  init(_ weight: Tensor) {
    self.weight = weight
    unused = Tensor.zeros([3])
    _ = try? unused.requiresGrad()
  }

  override func forward(_ input: Tensor) -> Tensor { weight * input }
}
