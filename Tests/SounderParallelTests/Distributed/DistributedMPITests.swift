#if MPI
  import SounderArray
  import SounderAutograd
  import SounderComm
  import TestSupport
  import Testing

  @testable import SounderParallel

  /// The engine's examples and failures among the ranks of an MPI job, of any size.
  @Suite(
    "Backward passes across MPI ranks", .serialized,
    .enabled(if: MPIJob.isPresent, "needs a launcher, such as mpirun"))
  struct DistributedMPITests {
    @Test(
      "DA-02 A collective's gradients are those of one process", arguments: CollectiveCase.allCases)
    func collectives(collective: CollectiveCase) throws {
      let engine = try DistEngine(group: try MPIJob.group.get())
      for mode in DistEngine.Mode.allCases {
        for width in [3, 1100, 20_000] {
          #expect(try collective.error(engine, mode, width: width) < 1e-11)
        }
      }
    }

    @Test(
      "DA-02 DA-03 DA-04 Random programs over ranks have the gradients of one process",
      arguments: 0..<8)
    func randomPrograms(seed: Int) throws {
      let engine = try DistEngine(group: try MPIJob.group.get())
      for mode in DistEngine.Mode.allCases {
        #expect(try RandomDistributedGraph(seed: UInt64(seed)).error(engine, mode) < 1e-10)
      }
    }

    @Test(
      "DA-02 A pipeline with micro-batches trains like one process",
      arguments: DistEngine.Mode.allCases)
    func pipeline(mode: DistEngine.Mode) throws {
      #expect(try PipelineRun(mode: mode).error(try MPIJob.group.get()) < 1e-6)
    }

    @Test(
      "DA-02 A column- and a row-parallel layer train like one process",
      arguments: DistEngine.Mode.allCases)
    func tensorParallel(mode: DistEngine.Mode) throws {
      #expect(try TensorParallelRun(mode: mode).error(try MPIJob.group.get()) < 1e-6)
    }

    struct BadGradient: Error {}

    @Test(
      "DA-07 An error in a node of the last rank is the same error on all, and the next pass works")
    func failure() throws {
      let group = try MPIJob.group.get()
      let engine = try DistEngine(group: group)
      let weight = try parameter([3], seed: 1, group.rank)
      let last = group.size - 1
      let error = #expect(throws: DistributedAutogradError.self) {
        try engine.context { context in
          let y = try context.allReduce(weight * 2).tanh()
          if context.rank == last { try y.registerHook { _ in throw BadGradient() } }
          try engine.backward(context, roots: [y.sum()], into: .leaves)
        }
      }
      #expect(error?.rank == last && error?.operation == "TanhBackward")
      #expect(error?.message == "BadGradient()" && weight.grad == nil)
      try engine.context { context in
        let y = try context.allReduce(weight * 2)
        try engine.backward(context, roots: [y.sum()], into: .leaves)
      }
      #expect(weight.grad?.doubles() == Array(repeating: Double(2 * group.size), count: 3))
      #expect(engine.liveContexts == 0 && engine.pendingMessages == 0)
    }
  }
#endif
