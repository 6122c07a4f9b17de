#if MPI
  import SounderComm
  import SounderNN
  import TestSupport
  import Testing

  @testable import SounderParallel

  /// The reducer among the ranks of an MPI job, of up to as many ranks as there are virtual shards.
  @Suite(
    "The reducer across MPI ranks", .serialized,
    .enabled(if: MPIJob.isPresent, "needs a launcher, such as mpirun"))
  struct ReducerMPITests {
    @Test(
      "DP-10 DP-11 DP-12: Any graph has the bits of one process",
      arguments: ReducerScenario.allCases,
      DataParallel.Update.allCases)
    func anyGraph(scenario: ReducerScenario, update: DataParallel.Update) throws {
      let group = try MPIJob.group.get()
      guard group.size <= ReducerScenario.shards else { return }
      for clipNorm in [nil, 0.3] {
        let setting = ReducerScenario.Setting(update: update, clipNorm: clipNorm)
        #expect(
          try scenario.run(on: group, setting)
            == (try scenario.run(on: SingleProcessGroup(), setting)))
      }
    }

    @Test(
      "DP-03 DP-06 DP-07: Sizes of buckets and layouts don't change a bit", arguments: [64, 4096])
    func layouts(bytes: Int) throws {
      let group = try MPIJob.group.get()
      guard group.size <= 8 else { return }
      let reference = try TrainingRun()(SingleProcessGroup())
      var run = TrainingRun(bucketBytes: bytes)
      #expect(try run(group) == reference)
      let names = run.makeModel().namedParameters.map(\.name)
      run.layout = BucketLayout(buckets: [names])
      #expect(try run(group) == reference)
    }

    @Test(
      "DP-13: Accumulation has the bits of as many ranks", arguments: DataParallel.Update.allCases)
    func accumulate(update: DataParallel.Update) throws {
      let group = try MPIJob.group.get()
      var run = TrainingRun(shards: 2 * group.size, update: update, takesStepsApart: true)
      let reference = try run(SingleProcessGroup())
      run.shards = group.size
      run.accumulate = 2
      #expect(try run(group) == reference)
    }

    @Test(
      "DP-29: Adaptive summation has the bits of as many threads",
      arguments: DataParallel.Update.allCases)
    func adasum(update: DataParallel.Update) throws {
      let group = try MPIJob.group.get()
      guard group.topology.hostCount == 1 else { return }
      let run = AdasumRun(update: update)
      let threads = try ThreadGroup.run(ranks: group.size, timeout: .seconds(30)) { try run($0) }
      #expect(try run(group) == threads[group.rank])
    }
  }
#endif
