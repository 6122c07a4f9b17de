import SounderArray
import Testing

@testable import SounderComm

@Suite("Failures of ranks")
struct FailureTests {
  struct Broken: Error, Equatable {}

  /// The error each rank sees when it runs a closure.
  private func errors(
    hosts: [Int], timeout: Duration = .seconds(30),
    _ body: @escaping @Sendable (ThreadGroup) throws -> Void
  ) throws -> [CommunicationError?] {
    try ThreadGroup.run(hostOfRank: hosts, timeout: timeout) { group in
      do { try body(group) } catch let error as CommunicationError { return error }
      return nil
    }
  }

  @Test(
    "A rank that does not come is named at the deadline, on every rank",
    arguments: [[0, 0, 0], [0, 0, 1]])
  func timeout(hosts: [Int]) throws {
    let errors = try errors(hosts: hosts, timeout: .milliseconds(200)) { group in
      if group.rank == 1 {
        // Waits in a message that never comes, and so for the failure of the others.
        var byte: UInt8 = 0
        try withUnsafeMutableBytes(of: &byte) { try group.receive($0, from: 2, tag: 1) }
      } else {
        try group.barrier()
      }
    }
    for error in errors {
      guard case .timeout(let missing)? = error?.kind else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(!missing.isEmpty)
      #expect(error?.message.contains("waited") == true)
    }
  }

  @Test(
    "DA-07, FI-17: the error of one rank ends the others with its cause",
    arguments: [[0, 0, 0, 0], [0, 0, 1, 1]])
  func propagation(hosts: [Int]) throws {
    let error = #expect(throws: RankError.self) {
      try ThreadGroup.run(hostOfRank: hosts) { group in
        if group.rank == 2 { throw Broken() }
        do { try group.barrier() } catch let error as CommunicationError {
          #expect(error.kind == .peerFailure(rank: 2))
          #expect(error.message.contains("Broken"))
          throw error
        }
      }
    }
    #expect(error?.rank == 2)
    #expect(error?.underlying is Broken)
  }

  @Test("After a failure every further call throws its cause")
  func staysFailed() throws {
    let errors = try errors(hosts: [0, 0]) { group in
      var byte: UInt8 = 0
      if group.rank == 0 { group.fail(Broken()) }
      #expect(throws: CommunicationError.self) { try group.barrier() }
      #expect(throws: CommunicationError.self) {
        try withUnsafeMutableBytes(of: &byte) { try group.receive($0, from: 0, tag: 0) }
      }
      try group.barrier()
    }
    #expect(errors.allSatisfy { $0?.kind == .peerFailure(rank: 0) })
  }

  @Test("A message of another length names both sides")
  func messageLength() throws {
    let errors = try errors(hosts: [0, 0]) { group in
      var word: UInt64 = 0
      if group.rank == 0 {
        try withUnsafeBytes(of: &word) { try group.send($0, to: 1, tag: 5) }
        try group.barrier()
      } else {
        var byte: UInt8 = 0
        try withUnsafeMutableBytes(of: &byte) { try group.receive($0, from: 0, tag: 5) }
      }
    }
    #expect(errors.allSatisfy { $0?.kind == .mismatch })
    #expect(errors[1]?.message.contains("sent 8 bytes with tag 5, rank 1 expected 1") == true)
  }
}
