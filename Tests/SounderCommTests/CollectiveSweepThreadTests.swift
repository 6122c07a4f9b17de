import SounderArray
import Testing

@testable import SounderComm

/// One case at a time: 16 ranks are enough threads.
@Suite("Collectives, swept over threads", .serialized)
struct CollectiveSweepThreadTests {
  @Test(
    "Collectives equal the reference for every number of ranks, type and count",
    arguments: CollectiveSweep.rankCounts, DType.allCases)
  func reference(ranks: Int, type: DType) throws {
    let table = Contributions(type, ranks: ranks)
    let faults = try ThreadGroup.run(ranks: ranks) {
      try CollectiveSweep.faults(
        $0, table, counts: type == .float32 ? CollectiveSweep.counts : CollectiveSweep.shortCounts)
    }
    #expect(faults.flatMap { $0 } == [])
  }

  @Test(
    "Collectives over simulated hosts equal the reference",
    arguments: [
      [0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0, 1, 1], [0, 0, 0, 1], [0, 1, 0, 1],
      [0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 2, 2],
      [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 2], [0, 1, 0, 2, 0, 1],
      [0, 1, 2, 2, 2, 1, 0, 2, 2],
    ])
  func simulatedHosts(hosts: [Int]) throws {
    for type in DType.allCases {
      let table = Contributions(type, ranks: hosts.count)
      let faults = try ThreadGroup.run(hostOfRank: hosts) {
        try CollectiveSweep.faults(
          $0, table, counts: [0, 1, 4, 10, 1000, 1501, type == .float32 ? 100_003 : 0])
      }
      #expect(faults.flatMap { $0 } == [])
    }
  }

  @Test("Short chunks reach every wrap of the staging area", arguments: [2, 3, 5])
  func shortChunks(ranks: Int) throws {
    let sizes = SharedCollectives.Sizes(chunkBytes: 1024, symmetricBytes: 256)
    let table = Contributions(.float32, ranks: ranks)
    let faults = try ThreadGroup.run(
      hostOfRank: Array(repeating: 0, count: ranks), timeout: .seconds(60), sizes
    ) { group in
      try CollectiveSweep.faults(
        group, table, counts: [1, 63, 64, 65, 255, 256, 257, 511, 1025, 3000])
    }
    #expect(faults.flatMap { $0 } == [])
  }

  @Test("One process is a group of one", arguments: DType.allCases)
  func single(type: DType) throws {
    let group = SingleProcessGroup()
    #expect(try CollectiveSweep.faults(group, Contributions(type, ranks: 1)) == [])
    #expect(try group.makeSharedRegion(byteCount: 100).byteCount == 100)
  }

  @Test(
    "A type that cannot be reduced is refused by any number of ranks, with advice",
    arguments: DType.allCases.filter { !ReductionKernel.supports($0) }, [1, 2])
  func unsupported(type: DType, ranks: Int) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [code = type.rawValue as UInt8, ranks = ranks as Int] in
      let reduce = { @Sendable (group: any ProcessGroup) in
        var bytes = [UInt8](repeating: 0, count: 16)
        let type = try #require(DType(rawValue: code))
        try bytes.withUnsafeMutableBytes { try group.allReduce($0, type, .max) }
      }
      if ranks == 1 {
        try reduce(SingleProcessGroup())
      } else {
        try ThreadGroup.run(ranks: ranks) { try reduce($0) }
      }
    }
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains("max: cannot reduce \(type.name) over ranks; cast to float32"))
  }
}

/// The longest buffers of the types above.
///
/// Not a suite for ThreadSanitizer, whose name would say so: it takes minutes for what float32 has shown it.
@Suite("Collectives of long buffers, swept over ranks", .serialized)
struct LongCollectiveSweepTests {
  @Test(
    "Collectives equal the reference for every number of ranks and type",
    arguments: CollectiveSweep.rankCounts, DType.allCases.filter { $0 != .float32 })
  func reference(ranks: Int, type: DType) throws {
    let table = Contributions(type, ranks: ranks)
    let faults = try ThreadGroup.run(ranks: ranks) {
      try CollectiveSweep.faults($0, table, counts: CollectiveSweep.longCounts)
    }
    #expect(faults.flatMap { $0 } == [])
  }
}
