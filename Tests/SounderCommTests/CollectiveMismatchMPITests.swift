#if MPI
  import TestSupport
  import Testing

  @testable import SounderComm

  @Suite(
    "MPI ranks that call different collectives", .serialized,
    .enabled(if: MPIJob.isPresent, "needs a launcher, such as mpirun"))
  struct CollectiveMismatchMPITests {
    @Test("DA-12, FI-10: a difference is found before data moves, and named on every rank")
    func named() throws {
      let group = try MPIJob.group.get()
      guard group.size > 1 && group.topology.hostCount == 1 else { return }
      for calls in MismatchedCalls.all {
        for odd in [0, group.size - 1] {
          #expect(calls.faults(try disposable(group), odd: odd) == [])
          try group.barrier()
        }
      }
    }

    /// The same ranks with staging memory and a failure of their own, as failed groups stay failed.
    private func disposable(_ group: any ProcessGroup) throws -> CollectiveGroup {
      let bytes = SharedCollectives.byteCount(ranks: group.size)
      let shared = try group.makeSharedRegion(byteCount: bytes)
      let region = SharedRegion(
        mapping: shared.mapping, byteCount: bytes, membership: shared.membership)
      return CollectiveGroup(
        topology: group.topology, host: SharedCollectives(region: region), transport: nil)
    }
  }
#endif
