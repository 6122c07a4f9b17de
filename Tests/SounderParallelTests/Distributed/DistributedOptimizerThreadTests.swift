import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite struct DistributedOptimizerThreadTests {
  /// Weights of a stage: each rank owns one.
  private static func weight(_ rank: Int) -> Tensor {
    var stream = RandomStream(seed: 5, stream: UInt64(rank))
    return Tensor.randn([6, 6], from: &stream)
  }

  private static func input(_ step: Int) -> Tensor {
    var stream = RandomStream(seed: 6, stream: UInt64(step))
    return Tensor.randn([3, 6], from: &stream)
  }

  @Test(
    "DA-06: one trainer leaves the bits of a serial run", arguments: [1, 2, 3],
    [OptimizerConfiguration.sgd(learningRate: 0.05, momentum: 0.9), .adam(learningRate: 0.01)])
  func oneTrainer(ranks: Int, configuration: OptimizerConfiguration) throws {
    let steps = 5
    let weights = try (0..<ranks).map { try Self.weight($0).requiresGrad() }
    let serial = Optimizer(weights, configuration)
    for step in 0..<steps {
      var value = Self.input(step)
      for weight in weights { value = value.matmul(weight).tanh() }
      try value.sum().backward()
      serial.step()
      serial.zeroGrad()
    }
    let expected = weights.map { $0.floats().map(\.bitPattern) }
    let results = try ThreadGroup.run(ranks: ranks, timeout: .seconds(60)) { group in
      let engine = try DistEngine(group: group)
      let own = Self.weight(group.rank)
      let optimizer = DistributedOptimizer(engine, parameters: [own], configuration)
      for step in 0..<steps {
        let made = try optimizer.step { context, parameters in
          let input =
            group.rank == 0 ? Self.input(step) : try context.receive(from: group.rank - 1)
          let output = input.matmul(parameters[0]).tanh()
          if group.rank < group.size - 1 { try context.send(output, to: group.rank + 1) }
          try engine.backward(
            context, roots: group.rank == group.size - 1 ? [output.sum()] : [])
        }
        guard made == .init(version: step + 1, staleness: 0) else { return [UInt32]() }
      }
      optimizer.synchronize()
      return own.floats().map(\.bitPattern)
    }
    #expect(results == expected)
  }

  /// What the trainers of one rank saw.
  private struct Seen: Sendable, Equatable {
    var outcomes: [String] = []
    var version = 0
    var histogram = StalenessHistogram()
    var open = 0
    var values: [Float] = []
  }

  /// Trainer 0 begins, trainer 1 takes `between` steps, then trainer 0 ends its own.
  private func overtaken(
    ranks: Int, between: Int, options: DistributedOptimizer.Options
  ) throws -> [Seen] {
    try ThreadGroup.run(ranks: ranks, timeout: .seconds(60)) { group in
      let engine = try DistEngine(group: group)
      let own = Tensor.zeros([4])
      let optimizer = DistributedOptimizer(
        engine, parameters: [own], .sgd(learningRate: 1), options: options)
      let (begun, overtaken) = (Gate(), Gate())
      let outcomes = onThreads(2) { trainer -> String in
        if trainer == 1 { begun.wait() }
        defer { if trainer == 1 { overtaken.open() } }
        var steps: [String] = []
        for _ in 0..<(trainer == 0 ? 1 : between) {
          do {
            let step = try optimizer.step(owner: trainer) { context, parameters in
              if trainer == 0 {
                begun.open()
                overtaken.wait()
              }
              try engine.backward(context, roots: [parameters[0].sum()])
            }
            steps.append("\(step.version):\(step.staleness)")
          } catch let error as StaleGradientError {
            steps.append("stale \(error.staleness) > \(error.maximum)")
          }
        }
        return steps.joined(separator: " ")
      }
      optimizer.synchronize()
      return Seen(
        outcomes: try outcomes.map { try $0.get() }, version: optimizer.version,
        histogram: optimizer.staleness, open: optimizer.openSteps, values: own.floats())
    }
  }

  @Test(
    "DA-06: the staleness of an overtaken trainer is the number of updates in between",
    arguments: [1, 2, 3], [1, 3])
  func staleness(ranks: Int, between: Int) throws {
    let seen = try overtaken(ranks: ranks, between: between, options: .init())
    for (rank, seen) in seen.enumerated() {
      let fresh = (1...between).map { "\($0):0" }.joined(separator: " ")
      #expect(seen.outcomes == ["\(between + 1):\(between)", fresh], "rank \(rank)")
      #expect(seen.version == between + 1)
      #expect(seen.values == Array(repeating: -Float(between + 1), count: 4))
    }
    #expect(seen[0].histogram.count == between + 1)
    #expect(seen[0].histogram.maximum == between)
    #expect(seen[0].open == 0)
  }

  @Test(
    "DA-06: gradients older than the bound are refused on all ranks and change nothing",
    arguments: [1, 2, 3])
  func refused(ranks: Int) throws {
    var options = DistributedOptimizer.Options()
    options.maximumStaleness = 1
    for seen in try overtaken(ranks: ranks, between: 2, options: options) {
      #expect(seen.outcomes == ["stale 2 > 1", "1:0 2:0"])
      #expect(seen.version == 2)
      #expect(seen.values == [-2, -2, -2, -2])
      #expect(seen.open == 0)
    }
  }

  @Test(
    "DA-06: trainers that wait stay within the bound, and every step is made",
    arguments: [0, 1, 2], [1, 2])
  func waiting(bound: Int, ranks: Int) throws {
    let (trainers, rounds) = (3, 8)
    var options = DistributedOptimizer.Options()
    options.maximumStaleness = bound
    options.whenStale = .wait
    let seen = try concurrent(ranks: ranks, trainers: trainers, rounds: rounds, options: options)
    for seen in seen {
      #expect(seen.version == trainers * rounds)
      #expect(seen.values == Array(repeating: -Float(trainers * rounds), count: 4))
    }
    #expect(seen[0].histogram.count == trainers * rounds)
    #expect(seen[0].histogram.maximum <= bound)
    #expect(seen[0].open == 0)
  }

  @Test(
    "DA-06: updates of concurrent trainers are all made, once, in one order on all owners",
    arguments: [1, 2, 3])
  func serialised(ranks: Int) throws {
    for seen in try concurrent(ranks: ranks, trainers: 3, rounds: 10, options: .init()) {
      #expect(seen.version == 30)
      #expect(seen.values == Array(repeating: -30, count: 4))
    }
  }

  private func concurrent(
    ranks: Int, trainers: Int, rounds: Int, options: DistributedOptimizer.Options
  ) throws -> [Seen] {
    try ThreadGroup.run(ranks: ranks, timeout: .seconds(60)) { group in
      let engine = try DistEngine(group: group)
      let own = Tensor.zeros([4])
      let optimizer = DistributedOptimizer(
        engine, parameters: [own], .sgd(learningRate: 1), options: options)
      let outcomes = onThreads(trainers) { trainer in
        for _ in 0..<rounds {
          try optimizer.step(owner: trainer) { context, parameters in
            let sum = try context.allReduce(parameters[0])
            try engine.backward(
              context, roots: context.rank == 0 ? [sum.sum()] : [])
          }
        }
      }
      for outcome in outcomes { try outcome.get() }
      optimizer.synchronize()
      return Seen(
        version: optimizer.version, histogram: optimizer.staleness, open: optimizer.openSteps,
        values: own.floats())
    }
  }

  @Test("DA-06: a step that fails updates nobody, and the next one works", arguments: [1, 2])
  func failure(ranks: Int) throws {
    let versions = try ThreadGroup.run(ranks: ranks, timeout: .seconds(60)) { group -> [Int] in
      let engine = try DistEngine(group: group)
      let optimizer = DistributedOptimizer(
        engine, parameters: [Tensor.zeros([2])], .sgd(learningRate: 1))
      func step(failing: Bool) -> Bool {
        do {
          try optimizer.step { context, parameters in
            if failing && context.rank == context.size - 1 { throw Broken() }
            let sum = try context.allReduce(parameters[0])
            try engine.backward(context, roots: [sum.sum()])
          }
          return true
        } catch { return false }
      }
      let outcomes = [step(failing: false), step(failing: true), step(failing: false)]
      return outcomes.map { $0 ? 1 : 0 } + [optimizer.version, optimizer.openSteps]
    }
    #expect(versions.allSatisfy { $0 == [1, 0, 1, 2, 0] })
  }

  private struct Broken: Error {}
}
