import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Failures of synchronous steps")
struct StepFailureConcurrencyTests {
  struct BadSample: Error {}

  @Test("An error of one rank ends the step on all ranks, which learn of the first cause")
  func oneRankFails() {
    #expect {
      try ThreadGroup.run(ranks: 3, timeout: .seconds(30)) { group in
        let model = Linear(4, 2)
        let parallel = try DataParallel(
          model: model, optimizer: .sgd(learningRate: 0.1), group: group)
        for step in 0..<3 {
          _ = try parallel.step(learningRate: 0.1, sampleCount: 3) { shard in
            if step == 1 && shard == 2 { throw BadSample() }
            return model(Tensor.ones([1, 4])).sum()
          }
        }
      }
    } throws: { error in
      (error as? RankError).map { $0.rank == 2 && $0.underlying is BadSample } ?? false
    }
  }

  @Test("A stop request of one rank reaches all in the same step", arguments: [1, 2])
  func stop(hosts: Int) throws {
    let stops = try ThreadGroup.run(ranks: 4, hosts: hosts) { group in
      let model = Linear(4, 2)
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1), group: group)
      return try (0..<4).map { step in
        try parallel.step(
          learningRate: 0.1, sampleCount: 4, stopRequested: step == 2 && group.rank == 3
        ) { _ in model(Tensor.ones([1, 4])).sum() }.shouldStop
      }
    }
    #expect(stops == Array(repeating: [false, false, true, false], count: 4))
  }
}
