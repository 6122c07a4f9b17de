import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Gradient accumulation and loops of one's own")
struct AccumulationThreadTests {
  @Test(
    "DP-13: One rank that accumulates over k passes computes the bits of k ranks",
    arguments: [2, 3, 4, 8])
  func accumulate(passes: Int) throws {
    for update in DataParallel.Update.allCases {
      var run = TrainingRun(ranks: passes, shards: passes, update: update)
      let reference = try run.onThreads()
      for ranks in 1...passes where passes % ranks == 0 {
        run.ranks = ranks
        run.shards = ranks
        run.accumulate = passes / ranks
        for result in try run.onThreads() {
          #expect(result == reference[0], "\(ranks) ranks, \(passes / ranks) passes each")
        }
      }
    }
  }

  @Test("DP-13: backward(sync:) and update are step taken apart", arguments: [1, 2, 3, 4, 8])
  func ownLoop(ranks: Int) throws {
    for update in DataParallel.Update.allCases {
      for clipNorm in [nil, 0.5] {
        var run = TrainingRun(update: update, clipNorm: clipNorm)
        let reference = try run(SingleProcessGroup())
        run.ranks = ranks
        run.takesStepsApart = true
        for result in try run.onThreads() { #expect(result == reference, "\(run)") }
      }
    }
  }

  @Test(
    "DP-13: An optimiser of one's own works on the mean gradient of all ranks",
    arguments: [1, 2, 4])
  func ownOptimizer(ranks: Int) throws {
    @Sendable func train(_ group: any ProcessGroup, own: Bool, clipNorm: Double?) throws -> [UInt32]
    {
      let model = TwoLayers()
      var options = DataParallel.Options()
      options.update = .replicated
      options.virtualShards = 4
      options.clipNorm = clipNorm
      let configuration = OptimizerConfiguration.sgd(learningRate: 0.05, momentum: 0.9)
      let parallel = try DataParallel(
        model: model, optimizer: own ? nil : configuration, group: group, options: options)
      let optimizer = Optimizer(model.parameters, configuration)
      for step in 0..<4 {
        let inputs = ReducerScenario.inputs(step)
        for shard in parallel.shards {
          let rows = inputs.narrow(0, shard * 4, 4)
          let loss = rows.matmul(model.first).tanh().matmul(model.second).square().mean()
          try parallel.backward(loss, sync: shard == parallel.shards.last)
        }
        if own { optimizer.step() } else { _ = try parallel.update(learningRate: 0.05) }
      }
      return TrainingRun.bits(model)
    }
    let reference = try train(SingleProcessGroup(), own: false, clipNorm: nil)
    let clipped = try train(SingleProcessGroup(), own: true, clipNorm: 0.1)
    #expect(clipped != reference)
    let results = try ThreadGroup.run(ranks: ranks, timeout: .seconds(60)) {
      (try train($0, own: true, clipNorm: nil), try train($0, own: true, clipNorm: 0.1))
    }
    for (plain, limited) in results {
      #expect(plain == reference)
      #expect(limited == clipped)
    }
  }

  @Test("DP-08 DP-14: The gradient is the exact mean over samples that are spread unevenly")
  func uneven() throws {
    // 1 + 3 samples; a rank without samples gives none.
    let values = try ThreadGroup.run(ranks: 3) { group in
      let weight = try Tensor([1, 1] as [Float]).requiresGrad()
      let model = Weight(weight)
      var options = DataParallel.Options()
      options.update = .replicated
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 1), group: group, options: options)
      let samples: [[Float]] = [[4, 0], [8, 0, 0, 1, 0, 3], []]
      let own = samples[group.rank]
      if own.isEmpty {
        try parallel.backward(nil)
      } else {
        let inputs = Tensor(own, shape: [own.count / 2, 2])
        try parallel.backward(
          (inputs * weight).sum() * (2 / Double(own.count)), weight: Double(own.count / 2) / 4)
      }
      let outcome = try parallel.update(learningRate: 1)
      return (weight.grad?.floats() ?? []) + weight.floats() + [Float(outcome.loss)]
    }
    #expect(values == Array(repeating: [3, 1, -2, 0, 4], count: 3))
  }

  @Test(
    "DP-13: Gradients that no update follows are dropped by the next step",
    arguments: DataParallel.Update.allCases)
  func dropped(update: DataParallel.Update) throws {
    let values = try ThreadGroup.run(ranks: 2) { group in
      let weight = try Tensor([1] as [Float]).requiresGrad()
      var options = DataParallel.Options()
      options.update = update
      let parallel = try DataParallel(
        model: Weight(weight), optimizer: .sgd(learningRate: 1), group: group, options: options)
      try parallel.backward((weight * 100).sum())
      try parallel.backward((weight * 2).sum(), stopRequested: group.rank == 1)
      let outcome = try parallel.update(learningRate: 0.5)
      return weight.floats() + [outcome.shouldStop ? 1 : 0, Float(parallel.stepCount)]
    }
    #expect(values == [[0, 1, 2], [0, 1, 2]])
  }

  @Test("DP-13: Calls that don't fit together are refused with what to change")
  func misuse() throws {
    func message(_ body: (DataParallel, Tensor) throws -> Void) throws -> String {
      let weight = try Tensor([1] as [Float]).requiresGrad()
      let parallel = try DataParallel(
        model: Weight(weight), optimizer: .sgd(learningRate: 1), group: SingleProcessGroup())
      do { try body(parallel, weight) } catch { return "\(error)" }
      return "nothing"
    }
    #expect(
      try message { try $0.backward($1.sum(), sync: false) }.contains("set options.accumulate"))
    #expect(
      try message { parallel, _ in _ = try parallel.update(learningRate: 1) }
        .contains("call backward(…, sync: true) before"))
    #expect {
      _ = try DataParallel(
        model: Weight(Tensor.ones([1])), optimizer: nil, group: SingleProcessGroup())
    } throws: { "\($0)".contains("without an optimiser") }
    #expect {
      let model = BatchNorm1d(4)
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 1), group: SingleProcessGroup())
      try parallel.backward(model(Tensor.ones([3, 4])).sum())
    } throws: { "\($0)".contains("inside forward") }
  }
}

/// A model of one parameter.
private final class Weight: Module {
  let weight: Tensor
  init(_ weight: Tensor) { self.weight = weight }
}
