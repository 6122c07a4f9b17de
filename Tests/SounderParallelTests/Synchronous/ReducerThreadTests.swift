import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("The reducer on any graph")
struct ReducerThreadTests {
  static let ranks = [1, 2, 3, 4, 8]

  /// Whether all ranks end with the bits of one rank.
  private func agrees(_ scenario: ReducerScenario, _ setting: ReducerScenario.Setting) throws {
    let reference = try scenario.run(on: SingleProcessGroup(), setting)
    for (ranks, hosts) in Self.ranks.map({ ($0, 1) }) + [(3, 2), (4, 2)] {
      let results = try ThreadGroup.run(ranks: ranks, hosts: hosts, timeout: .seconds(60)) {
        try scenario.run(on: $0, setting)
      }
      for (rank, result) in results.enumerated() {
        #expect(result == reference, "rank \(rank) of \(ranks) on \(hosts) hosts")
      }
    }
  }

  @Test(
    "DP-10 DP-11 DP-12: Unused, tied, recomputed, re-entrant, changing and frozen parameters have the bits of one rank",
    arguments: ReducerScenario.allCases, DataParallel.Update.allCases)
  func anyGraph(scenario: ReducerScenario, update: DataParallel.Update) throws {
    try agrees(scenario, ReducerScenario.Setting(update: update))
  }

  @Test(
    "DP-26: Every optimiser, clipped or not, has the bits of one rank",
    arguments: [
      OptimizerConfiguration.sgd(learningRate: 0.01),
      .sgd(learningRate: 0.01, momentum: 0.9, weightDecay: 1e-3),
      .sgd(learningRate: 0.01, momentum: 0.9, nesterov: true), .adam(learningRate: 0.01),
      .adamW(learningRate: 0.01),
    ], [nil, 0.3])
  func optimizers(optimizer: OptimizerConfiguration, clipNorm: Double?) throws {
    for update in DataParallel.Update.allCases {
      try agrees(
        .unused,
        ReducerScenario.Setting(update: update, optimizer: optimizer, clipNorm: clipNorm))
    }
  }

  @Test(
    "DP-10 DP-12: One shard on one rank is serial training, where parameters without a gradient are skipped",
    arguments: ReducerScenario.allCases, DataParallel.Update.allCases)
  func serial(scenario: ReducerScenario, update: DataParallel.Update) throws {
    for optimizer in [
      OptimizerConfiguration.sgd(learningRate: 0.01, momentum: 0.9, weightDecay: 0.1),
      .adamW(learningRate: 0.01),
    ] {
      let setting = ReducerScenario.Setting(update: update, optimizer: optimizer, shards: 1)
      let result = try scenario.run(on: SingleProcessGroup(), setting)
      #expect(result.bits == (try scenario.runSerially(optimizer)))
    }
  }

  @Test("DP-10: A parameter no rank used keeps grad nil, one that some used is averaged with zeros")
  func unused() throws {
    let found = try ThreadGroup.run(ranks: 4) { group in
      let model = TwoLayers()
      let before = model.unused.floats()
      var options = DataParallel.Options()
      options.update = .replicated
      let parallel = try DataParallel(
        model: model, optimizer: .adamW(learningRate: 0.1), group: group, options: options)
      for step in 0..<2 {
        _ = try parallel.step(learningRate: 0.1, sampleCount: 4) { shard in
          let loss = (model.first * model.first).sum()
          return step == 1 && shard == 2 ? loss + model.sometimes.sum() : loss
        }
        if step == 0 && model.sometimes.grad != nil { return false }
      }
      return model.unused.grad == nil && model.second.grad == nil
        && model.unused.floats() == before
        && model.sometimes.grad?.floats() == Array(repeating: 0.25, count: 40)
    }
    #expect(found == [true, true, true, true])
  }

  @Test(
    "DP-11: Equal graphs are recognised, a graph that runs foreign code overlaps from its second pass on"
  )
  func staticGraph() throws {
    for (scenario, graphs) in [(ReducerScenario.tied, 1), (.recomputed, 1), (.changing, 2)] {
      var job: DataParallel?
      _ = try scenario.run(on: SingleProcessGroup()) { parallel, _ in job = parallel }
      #expect(job?.reducer.graphCount == graphs, "\(scenario)")
    }
    // Before the layout is planned, unused parameters in the first bucket keep all others back.
    var early: [Bool] = []
    _ = try ReducerScenario.recomputed.run(on: SingleProcessGroup()) { parallel, model in
      parallel.reducer.observer = { event, bucket in
        guard event == .published, bucket == 0 else { return }
        early.append(model.first.accumulator?.gradient == nil)
      }
    }
    #expect(early == [false, true, true, true, true, true])
  }

  @Test(
    "DP-12: A pass that brings more gradients than its graph promises is an error that names the parameter"
  )
  func surprise() {
    #expect {
      let model = TwoLayers()
      var options = DataParallel.Options()
      options.bucketBytes = 1024
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1), group: SingleProcessGroup(),
        options: options)
      for step in 0..<3 {
        _ = try parallel.step(learningRate: 0.1, sampleCount: 1) { _ in
          Recomputation.apply(ReducerScenario.inputs(0)) {
            let hidden = $0.matmul(model.first)
            // The recomputed part is not in the graph, so nobody can know.
            return step == 2 ? hidden.matmul(model.second) : hidden
          }.matmul(model.second).sum()
        }
      }
    } throws: { "\($0)".contains("'second' got a gradient after its bucket was reduced") }
  }

  @Test(
    "DP-01 DP-02 DP-26: Buckets are reduced and updated while gradients of other buckets are missing"
  )
  func overlap() throws {
    let found = try ThreadGroup.run(ranks: 1) { group in
      let model = TwoLayers()
      var options = DataParallel.Options()
      options.bucketBytes = 1024
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1), group: group, options: options)
      let before = model.second.floats()
      var updatedEarly = false
      parallel.reducer.observer = { event, bucket in
        if event == .reduceEnd && model.first.accumulator?.gradient == nil {
          updatedEarly = updatedEarly || model.second.floats() != before
        }
      }
      _ = try parallel.step(learningRate: 0.1, sampleCount: 1) { _ in
        let hidden = ReducerScenario.inputs(0).matmul(model.first) * model.sometimes
        return hidden.tanh().matmul(model.second).sum() + model.unused.sum()
      }
      return updatedEarly
    }
    #expect(found == [true], "in the first step already")
  }

  @Test("DP-09: Gradients are views of the rank's own flat memory")
  func views() throws {
    let model = TwoLayers()
    var options = DataParallel.Options()
    options.update = .replicated
    let parallel = try DataParallel(
      model: model, optimizer: .sgd(learningRate: 0.1), group: SingleProcessGroup(),
      options: options)
    _ = try parallel.step(learningRate: 0.1, sampleCount: 1) { _ in
      (model.first * model.first).sum() + (model.second * model.second).sum()
    }
    let slot = UnsafeRawPointer(parallel.reducer.memory.slot(0, of: 0))
    let places = [model.first, model.second].map { tensor in
      tensor.grad.map { UnsafeRawPointer($0.array.pointer) - slot }
    }
    #expect(places == [0, 960])
  }
}
