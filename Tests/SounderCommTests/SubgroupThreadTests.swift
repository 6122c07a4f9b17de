import Foundation
import Testing

@testable import SounderComm

@Suite struct SubgroupThreadTests {
  @Test(
    "DA-09: groups of a group are groups: numbers, collectives, messages, memory",
    arguments: [1, 2, 3, 4, 5, 8])
  func oneHost(ranks: Int) throws {
    let faults = try ThreadGroup.run(ranks: ranks, timeout: .seconds(60)) {
      try GroupChecks(group: $0).faults()
    }
    #expect(faults.flatMap { $0 } == [])
  }

  @Test(
    "DA-09: groups of ranks on several hosts",
    arguments: [
      [0, 1], [0, 0, 1, 1], [0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1, 2, 2], [0, 1, 1, 2],
    ])
  func hosts(hostOfRank: [Int]) throws {
    let faults = try ThreadGroup.run(hostOfRank: hostOfRank, timeout: .seconds(60)) {
      try GroupChecks(group: $0).faults()
    }
    #expect(faults.flatMap { $0 } == [])
  }

  @Test("DA-09: a single rank divides into itself")
  func single() throws {
    #expect(try GroupChecks(group: SingleProcessGroup()).faults() == [])
    #expect(SingleProcessGroup().split(color: nil, key: 0) == nil)
  }

  @Test(
    "DA-09: an error in a group is told to its members and to nobody else",
    arguments: [[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1]])
  func errorsStayInTheGroup(hostOfRank: [Int]) throws {
    let outcomes = try ThreadGroup.run(hostOfRank: hostOfRank, timeout: .seconds(60)) {
      group -> String in
      guard let half = try group.split(color: group.rank % 2, key: 0) else { return "none" }
      var message = "fine"
      if group.rank % 2 == 0 {
        if half.rank == 1 { half.fail(Broken()) }
        do { try half.barrier() } catch { message = "\(error)" }
      } else {
        try half.barrier()
      }
      // The outer group and the other half still work.
      try group.barrier()
      return message
    }
    #expect(outcomes[0].contains("broken on purpose"))
    #expect(outcomes[2].contains("broken on purpose"))
    #expect(outcomes[1] == "fine" && outcomes[3] == "fine")
  }

  @Test(
    "DA-09: an error of the outer group ends waits in its groups within a second",
    arguments: [[0, 0, 0], [0, 1, 1]])
  func outerErrorsReachTheGroup(hostOfRank: [Int]) throws {
    let begin = ContinuousClock.now
    #expect(throws: RankError.self) {
      try ThreadGroup.run(hostOfRank: hostOfRank, timeout: .seconds(60)) { group in
        let pair = try group.subgroup(ranks: [0, 1])
        if group.rank == 2 { throw Broken() }
        // Rank 1 stays away: rank 0 waits for it in their group, rank 1 hears of rank 2.
        if group.rank == 1 { try group.barrier() }
        try pair?.barrier()
      }
    }
    #expect(ContinuousClock.now - begin < .seconds(5))
  }

  @Test(
    "DA-09: a rank that waits in its host's memory hears of an error on another host within a second",
    arguments: [true, false])
  func errorsReachWaitsInMemory(inner: Bool) throws {
    let begin = ContinuousClock.now
    let hasEnded = DispatchSemaphore(value: 0)
    let waits = try ThreadGroup.run(hostOfRank: [0, 0, 1], timeout: .seconds(60)) {
      group -> String in
      let made = try group.subgroup(ranks: inner ? [0, 1, 2] : [0, 1])
      switch group.rank {
      case 0:
        defer { hasEnded.signal() }
        do { _ = try made?.makeSharedRegion(byteCount: 64) } catch { return "\(error)" }
        return "fine"
      // On the same host, and looks at nothing until rank 0 has given up.
      case 1: return hasEnded.wait(timeout: .now() + 60) == .success ? "" : "late"
      default:
        (made ?? group).fail(Broken())
        return ""
      }
    }
    #expect(waits[0].contains("broken on purpose") && waits[1].isEmpty, "\(waits)")
    #expect(ContinuousClock.now - begin < .seconds(5))
  }

  @Test("DA-09: a collective that differs is an error on all members of its group only")
  func mismatch() throws {
    let outcomes = try ThreadGroup.run(ranks: 4, timeout: .seconds(60)) { group -> Bool in
      guard let half = try group.split(color: group.rank / 2, key: 0) else { return false }
      defer { try? group.barrier() }
      do {
        var value = [Int64](repeating: 1, count: group.rank == 1 ? 2 : 1)
        try value.withUnsafeMutableBytes { try half.allReduce($0, .int64, .sum) }
        return true
      } catch { return false }
    }
    #expect(outcomes == [false, false, true, true])
  }

  private struct Broken: Error, CustomStringConvertible {
    var description: String { "broken on purpose" }
  }
}
