#if MPI
  import SounderArray
  import TestSupport
  import Testing

  @testable import SounderComm

  @Suite(
    "Collectives, swept over MPI ranks", .serialized,
    .enabled(if: MPIJob.isPresent, "needs a launcher, such as mpirun"))
  struct CollectiveSweepMPITests {
    @Test("Collectives equal the reference for every type and count", arguments: DType.allCases)
    func reference(type: DType) throws {
      let group = try MPIJob.group.get()
      let table = Contributions(type, ranks: group.size)
      #expect(try CollectiveSweep.faults(group, table) == [])
    }
  }
#endif
