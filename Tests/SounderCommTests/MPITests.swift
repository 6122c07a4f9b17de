#if MPI
  import Foundation
  import SounderArray
  import TestSupport
  import Testing

  @testable import SounderComm

  /// Run by `mpirun -n N SounderPackageTests.xctest --testing-library swift-testing --no-parallel
  /// --filter MPI`.
  @Suite(
    "Groups of MPI ranks", .serialized,
    .enabled(if: MPIJob.isPresent, "needs a launcher, such as mpirun"))
  struct MPITests {
    @Test("The bits are those of threads")
    func bits() throws {
      let group = try MPIJob.group.get()
      let sum = { @Sendable (group: any ProcessGroup) in
        var values = (0..<5000).map { Float.value(group.rank, $0) }
        try values.withUnsafeMutableBytes { try group.allReduce($0, .float32, .sum) }
        return values.map(\.bitPattern)
      }
      let mine = try sum(group)
      let threads = try ThreadGroup.run(ranks: group.size) { try sum($0) }
      #expect(threads.allSatisfy { $0 == mine })
    }

    @Test("Ranks of a host share a region, zeroed, of any size", arguments: [1, 4096, 9_000_000])
    func regions(byteCount: Int) throws {
      let group = try MPIJob.group.get()
      let region = try group.makeSharedRegion(byteCount: byteCount + 8 * group.size)
      let bytes = UnsafeRawBufferPointer(start: region.base, count: region.byteCount)
      #expect(!bytes.contains { $0 != 0 })
      try group.barrier()
      let words = region.pointer(at: 0, as: Int.self, count: region.localSize)
      words[region.localRank] = group.rank + 1
      try group.barrier()
      #expect((0..<region.localSize).map { words[$0] - 1 } == group.topology.localRanks)
      try group.barrier()
    }

    @Test(
      "The bytes of every rank are present and zero before it writes them",
      arguments: [4096, 4 << 20])
    func ownBytes(byteCount: Int) throws {
      let group = try MPIJob.group.get()
      let (rank, size) = (group.topology.localRank, group.topology.localSize)
      let region = try group.makeSharedRegion(
        byteCount: byteCount * size, owned: [rank * byteCount..<(rank + 1) * byteCount])
      let own = UnsafeMutableRawBufferPointer(
        start: region.base + rank * byteCount, count: byteCount)
      #expect(!own.contains { $0 != 0 })
      var (before, after) = (rusage(), rusage())
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &before)
      own.initializeMemory(as: UInt8.self, repeating: UInt8(rank + 1))
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &after)
      // Other threads of the test runner may fault a page now and then; the bytes have up to 1,024.
      #expect(after.ru_minflt - before.ru_minflt < 100)
      try group.barrier()
      let bytes = UnsafeRawBufferPointer(start: region.base, count: byteCount * size)
      #expect((0..<size).allSatisfy { bytes[$0 * byteCount] == UInt8($0 + 1) })
      try group.barrier()
    }

    @Test("A reduction in shared memory equals the reference")
    func sharedReduction() throws {
      let group = try MPIJob.group.get()
      guard group.topology.hostCount == 1 else { return }
      try checkSharedReduction(group)
    }

    @Test(
      "Messages through a port arrive whole, in order, and block nobody",
      arguments: [1000, 1 << 30])
    func ports(pieceBytes: Int) throws {
      let group = try MPIJob.group.get()
      let port = try MPIPort(rank: group.rank, size: group.size, pieceBytes: pieceBytes) { nil }
      try checkPort(port)
    }

    @Test("The launcher's environment agrees with MPI")
    func environment() throws {
      let group = try MPIJob.group.get()
      let environment = try #require(try LauncherEnvironment.detect())
      #expect(environment.rank == group.rank)
      #expect(environment.size == nil || environment.size == group.size)
      #expect(group.topology.size == group.size)
    }
  }
#endif
