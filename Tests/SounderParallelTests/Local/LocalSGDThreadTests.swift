import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

/// Local steps of a small model on a fixed batch.
struct LocalRun: Sendable, CustomStringConvertible {
  var hostOfRank: [Int]
  var every = 4
  var after = 0
  var steps = 8
  var optimizer = OptimizerConfiguration.sgd(learningRate: 0.1, momentum: 0.9)
  var dropout = 0.0
  var shards = 8
  var samples = 48

  var description: String { "hosts \(hostOfRank), every \(every), after \(after)" }

  struct Result: Sendable {
    /// The parameters after every step.
    var bits: [[UInt32]] = []
    var losses: [Double] = []
    var means = 0
  }

  func callAsFunction(_ group: any ProcessGroup, settles: Bool = false) throws -> Result {
    let model = MLP(16, hidden: [32, 24], 4, dropout: dropout)
    model.initialize(seed: 5)
    var stream = RandomStream(seed: 21, stream: 0)
    let inputs = Tensor.randn([samples, 16], from: &stream)
    let targets = Tensor((0..<samples).map { _ in stream.next(below: 4) })
    var options = DataParallel.Options()
    options.update = .replicated
    options.virtualShards = shards
    options.seed = 3
    let local = try LocalSGD(
      model: model, optimizer: optimizer, group: group, options: options,
      schedule: .init(every: every, after: after))
    var result = Result()
    for _ in 0..<steps {
      let outcome = try local.step(
        learningRate: optimizer.learningRate, sampleCount: samples, stopRequested: false
      ) { shard in
        let range = local.plan.samples(of: shard, in: samples)
        return model(inputs.narrow(0, range.lowerBound, range.count))
          .crossEntropy(targets.narrow(0, range.lowerBound, range.count))
      }
      result.losses.append(outcome.loss)
      result.bits.append(TrainingRun.bits(model))
    }
    if settles {
      try local.settle()
      result.bits.append(TrainingRun.bits(model))
    }
    result.means = local.meanCount
    return result
  }

  func onThreads(settles: Bool = false) throws -> [Result] {
    try ThreadGroup.run(hostOfRank: hostOfRank, timeout: .seconds(60)) {
      try self($0, settles: settles)
    }
  }
}

@Suite struct LocalSGDThreadTests {
  private static func values(_ bits: [UInt32]) -> [Float] { bits.map { Float(bitPattern: $0) } }

  @Test("DP-22: ranks part between means and agree after them", arguments: 2...4)
  func means(ranks: Int) throws {
    let results = try LocalRun(hostOfRank: Array(repeating: 0, count: ranks)).onThreads()
    for step in 0..<8 {
      let isMean = step % 4 == 3
      for result in results.dropFirst() {
        #expect((result.bits[step] == results[0].bits[step]) == isMean)
      }
    }
    #expect(results.allSatisfy { $0.means == 2 })
    #expect(results.allSatisfy { $0.losses[7] == results[0].losses[7] })
  }

  @Test("DP-22: with one step between means and no momentum the steps are the synchronous ones")
  func equalsSynchronous() throws {
    var run = LocalRun(hostOfRank: [0, 0], every: 2, steps: 1)
    run.optimizer = .sgd(learningRate: 0.1)
    let mean = try run.onThreads(settles: true)[0]
    run.after = 1
    let synchronous = try run.onThreads()[0]
    for (left, right) in zip(Self.values(mean.bits[1]), Self.values(synchronous.bits[0])) {
      #expect(abs(left - right) < 1e-6)
    }
  }

  @Test("DP-22: the first steps are those of synchronous training, bit for bit")
  func after() throws {
    let synchronous = try LocalRun(hostOfRank: [0, 0], after: 6, steps: 6).onThreads()
    let mixed = try LocalRun(hostOfRank: [0, 0], after: 3, steps: 6).onThreads()
    for step in 0..<3 {
      #expect(mixed.allSatisfy { $0.bits[step] == synchronous[0].bits[step] })
    }
    #expect(mixed[0].bits[3] != mixed[1].bits[3])
    #expect(mixed[0].means == 0)
  }

  @Test(
    "DP-22: a single rank takes the steps of synchronous training, state of the optimiser included",
    arguments: [
      OptimizerConfiguration.sgd(learningRate: 0.1, momentum: 0.9),
      OptimizerConfiguration(kind: .adam, learningRate: 0.01),
    ])
  func state(optimizer: OptimizerConfiguration) throws {
    var run = LocalRun(hostOfRank: [0], every: 3, after: 4, steps: 10, optimizer: optimizer)
    run.dropout = 0.2
    // Of one rank the mean is itself; the samples cannot be shared evenly.
    run.samples = 45
    let mixed = try run.onThreads()[0]
    run.after = 10
    #expect(try run.onThreads()[0].bits == mixed.bits)
  }

  @Test("DP-22: the mean has the same bits however ranks are spread over hosts")
  func hosts() throws {
    let one = try LocalRun(hostOfRank: [0, 0, 0, 0]).onThreads()[0].bits
    for spread in [[0, 0, 1, 1], [0, 1, 1, 1], [0, 1, 2, 3]] {
      #expect(try LocalRun(hostOfRank: spread).onThreads()[0].bits == one)
    }
  }

  @Test("DP-22: training converges with rare means")
  func converges() throws {
    let run = LocalRun(hostOfRank: [0, 0, 1], every: 8, after: 8, steps: 80)
    let losses = try run.onThreads()[0].losses
    #expect(losses[79] < losses[0] / 3)
  }

  @Test("DP-22: the sharded form has no copies to average and is refused")
  func refused() throws {
    #expect(throws: ParallelError.self) {
      _ = try LocalSGD(
        model: MLP(4, hidden: [4], 2), optimizer: .sgd(learningRate: 0.1),
        group: SingleProcessGroup(), options: DataParallel.Options(), schedule: .init(every: 2))
    }
  }
}
