import SounderComm
import Testing

@testable import SounderParallel

@Suite("Steps that go wrong on one rank")
struct NonFiniteThreadTests {
  private func run(_ run: NonFiniteRun, ranks: Int, hosts: Int = 1, victim: Int) throws
    -> [NonFiniteRun.Result]
  {
    try ThreadGroup.run(ranks: ranks, hosts: hosts, timeout: .seconds(30)) { group in
      let result = try run(group, victim: victim)
      // The others wait for a rank that has given up: tell them as a program would.
      if let error = result.error { group.fail(ParallelError(error)) }
      return result
    }
  }

  @Test(
    "FI-11: a gradient that is no number ends the step, and names rank, parameter and step",
    arguments: DataParallel.Update.allCases, [1, 2])
  func abort(update: DataParallel.Update, hosts: Int) throws {
    for victim in 0..<4 {
      let results = try run(
        NonFiniteRun(fault: .gradient, update: update), ranks: 4, hosts: hosts, victim: victim)
      let text = "the gradient of 'hidden.weight' of step 3 is nan on rank \(victim)"
      #expect(results[victim].error?.contains(text) == true)
      // The cause reaches every rank, in the same step.
      #expect(results.allSatisfy { $0.error?.contains(text) == true && $0.states.count == 2 })
    }
  }

  @Test("FI-11: an infinite loss names the rank and the step")
  func loss() throws {
    let results = try run(NonFiniteRun(fault: .loss), ranks: 3, victim: 1)
    #expect(results.allSatisfy { $0.states.count == 2 })
    #expect(
      results.allSatisfy {
        // Minus infinity if the mean was negative.
        $0.error?.contains("the loss of step 3 is ") == true
          && $0.error?.contains("inf on rank 1") == true
      })
  }

  @Test(
    "FI-11: a skipped step leaves parameters, optimiser state and buffers of all ranks alone",
    arguments: [NonFiniteRun.Fault.gradient, .loss], DataParallel.Update.allCases)
  func skip(fault: NonFiniteRun.Fault, update: DataParallel.Update) throws {
    for (ranks, hosts, clip) in [(1, 1, nil), (2, 1, nil), (4, 2, nil), (3, 1, 0.5)] {
      let victim = ranks - 1
      let wanted = NonFiniteRun(
        fault: fault, update: update, policy: .skip, clipNorm: clip, shards: 4)
      let results = try run(wanted, ranks: ranks, hosts: hosts, victim: victim)
      #expect(results.allSatisfy { $0 == results[0] })
      let result = results[0]
      #expect(result.error == nil && result.states.count == 6)
      #expect(result.states[2] == result.states[1])
      #expect(result.states[3] != result.states[2])
      #expect(result.reasons.map { $0 == nil } == [true, true, false, true, true, true])
      #expect(result.reasons[2]?.hasSuffix("on rank \(victim)") == true)
      // The optimiser's state has not moved either: all later steps are those of a run that
      // leaves the step out; its bits show that in the next steps of any number of ranks.
      let others = try run(wanted, ranks: 1, victim: 0)
      #expect(others[0].states == result.states)
    }
  }

  @Test("FI-11: a run in which nothing happens has the same bits under both policies")
  func harmless() throws {
    let abort = try run(NonFiniteRun(fault: .none), ranks: 2, victim: 0)
    let skip = try run(NonFiniteRun(fault: .none, policy: .skip), ranks: 2, victim: 0)
    #expect(abort == skip && abort[0].states.count == 6)
  }

  @Test(
    "FI-12: a changed bit of one copy is found at the next check, with parameter, rank and step",
    arguments: [(DataParallel.Update.replicated, 3, 1), (.replicated, 4, 2), (.sharded, 4, 2)])
  func divergence(update: DataParallel.Update, ranks: Int, hosts: Int) throws {
    let wanted = NonFiniteRun(fault: .bit, update: update, checkEvery: 5, steps: 9)
    let results = try run(wanted, ranks: ranks, hosts: hosts, victim: ranks - 1)
    for result in results {
      // The checks at the end of step 5 comes before anybody can note the state.
      #expect(result.states.count == 4)
      #expect(result.error?.contains("the digest of 'hidden.weight' after step 5 is ") == true)
      let victims = update == .sharded ? "on ranks 2-3" : "on rank \(ranks - 1)"
      #expect(result.error?.contains(victims) == true, "\(result.error ?? "")")
    }
  }

  @Test("FI-12: one copy that all ranks share cannot diverge and is not compared")
  func oneCopy() throws {
    let results = try run(
      NonFiniteRun(fault: .bit, update: .sharded, checkEvery: 1), ranks: 2, victim: 1)
    #expect(results.allSatisfy { $0.error == nil && $0.states.count == 6 })
  }
}
