import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("A thread that moves transfers to other hosts on")
struct CommunicationThreadTests {
  struct BadSample: Error {}

  @Test(
    "DP-02: it leaves the bits of ranks that move their transfers themselves",
    arguments: [[0, 1], [0, 0, 1], [0, 1, 1, 2]],
    [Compression.none, .int8, .powerSGD(PowerSGD.Options())])
  func bits(hosts: [Int], compression: Compression) throws {
    for state in DataParallel.ShardState.allCases {
      if case .powerSGD = compression, state == .all { continue }
      var run = TrainingRun(ranks: hosts.count, hostOfRank: hosts)
      run.compression = compression
      run.shardState = state
      run.clipNorm = state == .all ? 0.5 : nil
      run.communicationThread = .off
      let expected = try run.onThreads()
      run.communicationThread = .on
      #expect(try run.onThreads() == expected, "\(run)")
    }
  }

  @Test("DP-02: transfers move on in the middle of an operator")
  func movement() throws {
    let arrived = try ThreadGroup.run(ranks: 2, hosts: 2, timeout: .seconds(30)) { group in
      let (first, second) = (Linear(8, 8), Linear(8, 8))
      var options = DataParallel.Options()
      options.bucketBytes = 64
      options.communicationThread = .on
      let parallel = try DataParallel(
        model: Sequential([first, second]), optimizer: .sgd(learningRate: 0.1), group: group,
        options: options)
      var hasArrived = false
      // The first step over a graph with hooks only learns it.
      for step in 0..<2 {
        _ = try parallel.step(learningRate: 0.1, sampleCount: 2) { _ in
          let between = first(Tensor.ones([1, 8]))
          _ = try between.registerHook { _ in
            // One long operator, during which this rank's own thread does nothing for the network.
            guard step == 1, let network = parallel.reducer.network else { return nil }
            let end = ContinuousClock.now + .seconds(10)
            while ContinuousClock.now < end && !hasArrived {
              usleep(1000)
              hasArrived = (try? network.isComplete(bucket: 0)) ?? false
            }
            return nil
          }
          return second(between).sum()
        }
      }
      return hasArrived
    }
    #expect(arrived == [true, true])
  }

  @Test("An error on one host ends the step on all", arguments: [[0, 1], [0, 0, 1, 2]])
  func failure(hosts: [Int]) {
    let last = hosts.count - 1
    #expect {
      try ThreadGroup.run(hostOfRank: hosts, timeout: .seconds(30)) { group in
        let model = Linear(40, 30)
        var options = DataParallel.Options()
        options.communicationThread = .on
        let parallel = try DataParallel(
          model: model, optimizer: .sgd(learningRate: 0.1), group: group, options: options)
        for step in 0..<3 {
          _ = try parallel.step(learningRate: 0.1, sampleCount: hosts.count) { _ in
            if step == 1 && group.rank == last { throw BadSample() }
            return model(Tensor.ones([1, 40])).sum()
          }
        }
      }
    } throws: { error in
      // Whoever is first to end reports it, by itself or of the other.
      "\(error)".contains("rank \(last)") && "\(error)".contains("BadSample")
    }
  }
}
