import SounderArray
import Testing

@testable import SounderComm

@Suite("Collectives of threads")
struct ThreadGroupTests {
  static let rankCounts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16]
  #if DEBUG
    // Unoptimised threads contend for the Swift runtime's locks; 10,007 still takes two rounds.
    static let counts = [0, 1, 4, 10, 1000, 10_007]
  #else
    static let counts = [0, 1, 4, 10, 1000, 100_003]
  #endif

  @Test("Collectives equal the reference for every number of ranks", arguments: rankCounts)
  func reference(ranks: Int) throws {
    try ThreadGroup.run(ranks: ranks) { group in
      for count in Self.counts {
        // The longest buffers run with one element type per number of ranks, to bound the time.
        if count < 10_000 || ranks % 3 == 0 {
          try CollectiveChecks<Float>(group: group, count: count).all()
        }
        if count < 10_000 || ranks % 3 == 1 {
          try CollectiveChecks<Double>(group: group, count: count).all()
        }
        if count < 10_000 || ranks % 3 == 2 {
          try CollectiveChecks<Int64>(group: group, count: count).all()
        }
      }
    }
  }

  @Test("Short chunks reach every wrap of the staging area", arguments: [2, 3, 5])
  func shortChunks(ranks: Int) throws {
    let sizes = SharedCollectives.Sizes(chunkBytes: 1024, symmetricBytes: 256)
    try ThreadGroup.run(
      hostOfRank: Array(repeating: 0, count: ranks), timeout: .seconds(60), sizes
    ) { group in
      for count in [1, 63, 64, 65, 255, 256, 257, 511, 1025, 3000] {
        try CollectiveChecks<Float>(group: group, count: count).all()
      }
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

  @Test(
    "Collectives over simulated hosts equal the reference",
    arguments: [
      [0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0, 1, 1], [0, 0, 0, 1], [0, 1, 0, 1],
      [0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 2, 2],
      [0, 0, 0, 0, 1, 1, 1, 1],
    ])
  func simulatedHosts(hosts: [Int]) throws {
    try ThreadGroup.run(hostOfRank: hosts) { group in
      for count in [0, 1, 10, 1501] {
        try CollectiveChecks<Float>(group: group, count: count).all()
        try CollectiveChecks<Int64>(group: group, count: count).all()
      }
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

  @Test("One process is a group of one")
  func single() throws {
    let group = SingleProcessGroup()
    try CollectiveChecks<Float>(group: group, count: 10).all()
    let region = try group.makeSharedRegion(byteCount: 100)
    #expect(region.byteCount == 100)
  }
}
