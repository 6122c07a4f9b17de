import Testing

@testable import SounderComm

@Suite("Ranks that call different collectives", .serialized)
struct CollectiveMismatchThreadTests {
  @Test(
    "DA-12, FI-10: a difference is found before data moves, and named on every rank",
    arguments: [[0, 0], [0, 0, 0], [0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1, 1], [0, 1, 2]])
  func named(hosts: [Int]) throws {
    for calls in MismatchedCalls.all {
      for odd in hosts.indices {
        // Short, as a rank that is not told would wait for the deadline.
        let faults = try ThreadGroup.run(hostOfRank: hosts, timeout: .seconds(10)) {
          calls.faults($0, odd: odd)
        }
        #expect(faults.flatMap { $0 } == [])
      }
    }
  }
}
