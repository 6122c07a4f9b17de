#if MPI
  import SounderComm
  import TestSupport
  import Testing

  @testable import SounderParallel

  /// Faults after which an MPI job goes on, on any number of ranks.
  @Suite(
    "Steps that go wrong on one MPI rank", .serialized,
    .enabled(if: MPIJob.isPresent, "needs a launcher, such as mpirun"))
  struct NonFiniteMPITests {
    @Test("FI-11: a skipped step changes nothing", arguments: DataParallel.Update.allCases)
    func skip(update: DataParallel.Update) throws {
      let group = try MPIJob.group.get()
      let run = NonFiniteRun(fault: .gradient, update: update, policy: .skip)
      let result = try run(group, victim: group.size - 1)
      #expect(result.error == nil && result.states.count == 6)
      #expect(result.states[2] == result.states[1] && result.states[3] != result.states[2])
      #expect(result.reasons[2]?.hasSuffix("nan on rank \(group.size - 1)") == true)
    }

    @Test("FI-12: a changed bit of one copy is found at the next check")
    func divergence() throws {
      let group = try MPIJob.group.get()
      let run = NonFiniteRun(fault: .bit, update: .replicated, checkEvery: 4)
      let result = try run(group, victim: group.size - 1)
      if group.size == 1 {
        #expect(result.error == nil)
      } else {
        #expect(result.states.count == 3)
        #expect(result.error?.contains("'hidden.weight' after step 4") == true)
      }
    }
  }
#endif
