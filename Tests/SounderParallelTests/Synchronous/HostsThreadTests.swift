import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Synchronous steps over several hosts")
struct HostsThreadTests {
  struct BadSample: Error {}

  @Test("DP-02: buckets travel and are reduced while the backward pass runs", arguments: [2, 3])
  func overlap(hosts: Int) throws {
    let arrived = Arrivals(hosts)
    let reduced = try ThreadGroup.run(ranks: hosts, hosts: hosts, timeout: .seconds(30)) { group in
      let (first, second) = (Linear(8, 8), Linear(8, 8))
      var options = DataParallel.Options()
      options.bucketBytes = 64
      let parallel = try DataParallel(
        model: Sequential([first, second]), optimizer: .sgd(learningRate: 0.1), group: group,
        options: options)
      var reducedAtEnd = 0
      // Hooks may run passes of their own, so the first step over a graph with hooks only learns it.
      for step in 0..<2 {
        _ = try parallel.step(learningRate: 0.1, sampleCount: hosts) { _ in
          var between = first(Tensor.ones([1, 8]))
          // Runs last in the backward pass: all of the second layer has had its time to travel.
          _ = try between.registerHook { _ in
            reducedAtEnd = parallel.reducer.nextToReduce
            return nil
          }
          for node in 0..<100 {
            between = between * 1
            _ = try between.registerHook { _ in
              guard step == 1 else { return nil }
              if node == 99 { arrived.wait() }
              if parallel.reducer.nextToReduce == 0 { usleep(5000) }
              return nil
            }
          }
          return second(between).sum()
        }
      }
      return reducedAtEnd
    }
    #expect(reduced.allSatisfy { $0 >= 1 }, "\(reduced)")
  }

  @Test(
    "DP-27: every host has only its part of the optimiser's state",
    arguments: [[0, 1], [0, 0, 1, 1], [0, 1, 2]])
  func stateMemory(hosts: [Int]) throws {
    let bytes = { @Sendable (state: DataParallel.ShardState) in
      try ThreadGroup.run(hostOfRank: hosts) { group in
        let model = MLP(64, hidden: [128, 64], 10)
        var options = DataParallel.Options()
        options.shardState = state
        let parallel = try DataParallel(
          model: model, optimizer: .adam(learningRate: 0.1), group: group, options: options)
        return [parallel.sharedByteCount, parallel.reducer.update.ownStateBytes]
      }
    }
    let (host, all) = (try bytes(.host), try bytes(.all))
    let parameters = MLP(64, hidden: [128, 64], 10).parameters.reduce(0) { $0 + $1.count }
    #expect(host.allSatisfy { $0[1] == 0 })
    // Two numbers of four bytes for every parameter, once in all.
    #expect(all.map { $0[1] }.reduce(0, +) == parameters * 8)
    for rank in hosts.indices { #expect(all[rank][0] <= host[rank][0] - parameters * 8) }
  }

  @Test("State shared out over hosts needs the sharded form")
  func replicatedState() {
    var options = DataParallel.Options()
    options.update = .replicated
    options.shardState = .all
    #expect {
      _ = try DataParallel(
        model: Linear(2, 2), optimizer: .sgd(learningRate: 0.1), group: SingleProcessGroup(),
        options: options)
    } throws: { "\($0)".contains("parallel.shard_state is all") }
  }

  @Test("An error on one host ends the step on all", arguments: [[0, 1], [0, 0, 1, 1, 2]])
  func failure(hosts: [Int]) {
    let last = hosts.count - 1
    #expect {
      try ThreadGroup.run(hostOfRank: hosts, timeout: .seconds(30)) { group in
        let model = Linear(40, 30)
        let parallel = try DataParallel(
          model: model, optimizer: .sgd(learningRate: 0.1), group: group)
        for step in 0..<3 {
          _ = try parallel.step(learningRate: 0.1, sampleCount: hosts.count) { _ in
            if step == 1 && group.rank == last { throw BadSample() }
            return model(Tensor.ones([1, 40])).sum()
          }
        }
      }
    } throws: { error in
      (error as? RankError).map { $0.rank == last && $0.underlying is BadSample } ?? false
    }
  }

  @Test("DA-11: a host that does not come is named at the deadline, with phase and last operation")
  func deadline() {
    #expect {
      try ThreadGroup.run(ranks: 2, hosts: 2, timeout: .milliseconds(300)) { group in
        let model = Linear(4, 2)
        let parallel = try DataParallel(
          model: model, optimizer: .sgd(learningRate: 0.1), group: group)
        if group.rank == 1 { Thread.sleep(forTimeInterval: 1) }
        _ = try parallel.step(learningRate: 0.1, sampleCount: 2) { _ in
          model(Tensor.ones([1, 4])).sum()
        }
      }
    } throws: {
      "\($0)".contains("waited 0.3 s for rank 1 (host ") && "\($0)".contains("last operation: ")
    }
  }

  @Test("Steps of no samples change nothing", arguments: DataParallel.ShardState.allCases)
  func empty(state: DataParallel.ShardState) throws {
    let same = try ThreadGroup.run(hostOfRank: [0, 0, 1]) { group in
      let model = MLP(8, hidden: [20], 3)
      model.initialize(seed: 1)
      let before = TrainingRun.bits(model)
      var options = DataParallel.Options()
      options.shardState = state
      let parallel = try DataParallel(
        model: model, optimizer: .adam(learningRate: 0.1), group: group, options: options)
      let loss = try parallel.step(learningRate: 0.1, sampleCount: 0) { _ in
        model(Tensor.ones([1, 8])).sum()
      }.loss
      return loss == 0 && TrainingRun.bits(model) == before
    }
    #expect(same == [true, true, true])
  }
}

/// Lets threads wait until all have come.
private final class Arrivals: @unchecked Sendable {
  // @unchecked: guarded by `condition`.
  private let condition = NSCondition()
  private var missing: Int

  init(_ count: Int) { missing = count }

  func wait() {
    let end = Date(timeIntervalSinceNow: 20)
    condition.lock()
    missing -= 1
    condition.broadcast()
    while missing > 0 && condition.wait(until: end) {}
    condition.unlock()
  }
}
