#if MPI
  import TestSupport
  import Testing

  @testable import SounderComm

  @Suite(
    "Groups of a group of MPI ranks", .serialized,
    .enabled(if: MPIJob.isPresent, "needs a launcher, such as mpirun"))
  struct SubgroupMPITests {
    @Test("DA-09: groups of MPI ranks are groups: numbers, collectives, messages, memory")
    func sweep() throws {
      let group = try MPIJob.group.get()
      #expect(try GroupChecks(group: group).faults() == [])
      try group.barrier()
    }
  }
#endif
