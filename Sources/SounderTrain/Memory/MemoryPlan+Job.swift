import SounderComm
import SounderNN
import SounderParallel

extension MemoryPlan {
  /// What MPI adds to a process of its own, and to the pages of libraries: Open MPI 4.1.4, measured.
  private static let mpiBytes = (own: 4 << 20, program: 4 << 20)
  /// The share of the machine's free memory that a rehearsal may take.
  private static let rehearsedShare = 0.7

  /// The memory of a job.
  ///
  /// Takes a few steps of it, and so the time and the memory of those; when this machine has not got as
  /// much, activations are estimated from the sizes of the layers.
  ///
  /// - Parameters:
  ///   - start: the memory of this process before it read the data.
  ///   - loaded: the memory of this process when it had.
  /// - Throws: ``ConfigurationError``; ``ParallelError`` for a job that cannot be cut like that.
  public init(
    _ configuration: Configuration, _ data: DatasetSplits, plan: JobPlan,
    placement: JobPlacement, start: ProcessMemory, loaded: ProcessMemory
  ) throws {
    guard configuration.parallel.syncEvery == 1 || placement.ranks == 1 else {
      throw ParallelError(
        "--dry-run: parallel.sync_every is \(configuration.parallel.syncEvery): the memory of ranks that first take "
          + "steps together and then alone cannot be planned; set it to 1, or look at memory in the "
          + "summary.json of a short run")
    }
    let rehearsal = MemoryRehearsal(
      configuration: configuration, data: data, placement: placement, loaded: loaded)
    let shared = try rehearsal.sharedBytes(placement.topology)
    let available = Double(ProcessMemory.availableOnMachine ?? .max) * Self.rehearsedShare
    let estimate = plan.activationBytes / placement.ranks
    isRehearsed = Double(plan.memoryBytes) < available
    let network = try rehearsal.networkBytes(placement.topology)
    rank =
      Self.items(
        isRehearsed
          ? try rehearsal.run(plan) : Self.estimate(configuration, plan, arrays: estimate))
      + network.each
    firstRank = network.first
    let usesMPI = if case .processes = placement { true } else { false }
    self.placement = placement
    process = [
      Item(
        name: "the process, before it reads data",
        bytes: start.privatePeak + (usesMPI ? Self.mpiBytes.own : 0)),
      Item(name: "data", bytes: max(loaded.privatePeak - start.privatePeak, 0)),
    ]
    programBytes =
      max(ProcessMemory.current.file, start.file) + (usesMPI ? Self.mpiBytes.program : 0)
    let staging =
      placement == .alone
      ? 0 : CollectiveGroup.sharedByteCount(localSize: placement.topology.localSize)
    self.shared = shared + [Item(name: "collectives and messages", bytes: staging)]
  }

  private static func items(_ outcome: MemoryRehearsal.Outcome) -> [Item] {
    [
      Item(name: "the model's own copies", bytes: outcome.model),
      Item(name: "activations and batches", bytes: outcome.arrays),
      Item(name: "BLAS buffers, stacks and graphs", bytes: outcome.workspace),
    ]
  }

  /// As if the layers' outputs were all there is, each kept with its gradient and a temporary.
  private static func estimate(
    _ configuration: Configuration, _ plan: JobPlan, arrays: Int
  ) -> MemoryRehearsal.Outcome {
    // A model is made, then copied to flat memory; a replicated rank keeps that and the state.
    let isReplicated = configuration.parallel.update == .replicated
    let state = isReplicated ? 1 + configuration.optimizerConfiguration.stateSlotCount : 0
    return MemoryRehearsal.Outcome(
      model: 4 * plan.parameterCount * (2 + state), arrays: arrays, workspace: 0)
  }
}
