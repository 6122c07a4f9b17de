import Foundation
import SounderArray
import Testing

@testable import SounderComm

@Suite("Collectives of threads")
struct ThreadGroupTests {
  @Test("The rank that failed is named, not one that was quicker to tell of it")
  func firstCause() {
    #expect {
      try ThreadGroup.run(ranks: 2) { group in
        if group.rank == 0 { throw CommunicationError(.peerFailure(rank: 1), rank: 0, "it failed") }
        usleep(100_000)
        throw CommunicationError(.mismatch, rank: 1, "the cause")
      }
    } throws: { error in
      (error as? RankError).map { $0.rank == 1 && "\($0)".contains("the cause") } ?? false
    }
  }

  @Test("Sums have the same bits in one host, several and uneven ones")
  func bitsAcrossHosts() throws {
    let run = { @Sendable (hosts: [Int]) in
      try ThreadGroup.run(hostOfRank: hosts) { group in
        var values = (0..<1001).map { Float.value(group.rank, $0) }
        try values.withUnsafeMutableBytes { try group.allReduce($0, .float32, .mean) }
        return values.map(\.bitPattern)
      }
    }
    let expected = try run([0, 0, 0, 0, 0, 0, 0, 0])
    for hosts in [
      [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 0, 1, 0, 1],
      [0, 0, 0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5, 6, 7],
    ] {
      let bits = try run(hosts)
      #expect(bits == expected, "\(hosts)")
    }
  }

  @Test("A NaN on one rank is the result on all, for every operation")
  func notANumber() throws {
    for operation in ReduceOperation.allCases {
      for guilty in 0..<3 {
        try ThreadGroup.run(ranks: 3) { group in
          var values = [Float](repeating: group.rank == guilty ? .nan : 1, count: 40)
          try values.withUnsafeMutableBytes { try group.allReduce($0, .float32, operation) }
          #expect(!values.contains { !$0.isNaN })
        }
      }
    }
  }

  @Test("Messages with other tags wait until they are asked for")
  func tags() throws {
    try ThreadGroup.run(hostOfRank: [0, 0, 1]) { group in
      if group.rank == 0 {
        for tag in 0..<4 {
          var value = tag * 10
          try withUnsafeBytes(of: &value) { try group.send($0, to: 1, tag: tag) }
          try withUnsafeBytes(of: &value) { try group.send($0, to: 2, tag: tag) }
          try withUnsafeBytes(of: &value) { try group.send($0, to: 0, tag: tag) }
        }
      }
      for tag in (0..<4).reversed() {
        var value = 0
        try withUnsafeMutableBytes(of: &value) { try group.receive($0, from: 0, tag: tag) }
        #expect(value == tag * 10)
      }
    }
  }

  @Test("A topology names the ranks of each host")
  func topology() throws {
    let topologies = try ThreadGroup.run(hostOfRank: [0, 1, 1, 0, 2]) { $0.topology }
    #expect(topologies.map(\.localRank) == [0, 0, 1, 1, 0])
    #expect(topologies.map(\.localSize) == [2, 2, 2, 2, 1])
    #expect(topologies[3].localRanks == [0, 3])
    #expect(topologies.allSatisfy { $0.hostCount == 3 })
  }
}
