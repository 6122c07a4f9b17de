import SounderArray
import SounderComm
import SounderParallel

/// Finds out how much memory a job needs by taking a few steps of it, as one of its ranks would.
///
/// One process takes the part of a batch that falls to the busiest rank, with the job's own model, data,
/// loader, optimiser and evaluation, and the system says what that took: no model of what layers keep could
/// be right for every layer. Shared memory is not taken but asked for: the code that would make it
/// says how large it is for any number of ranks and hosts.
struct MemoryRehearsal {
  let configuration: Configuration
  let data: DatasetSplits
  let placement: JobPlacement
  /// The memory of this process when it had read the data.
  let loaded: ProcessMemory

  /// The most steps that are taken.
  ///
  /// The caches of allocator and loader have their final size after about eight.
  private static let stepCount = 10
  /// No further step begins after this time.
  private static let enoughSeconds = 2.0

  /// What the steps took, in bytes.
  struct Outcome {
    /// The model's own copies on this rank.
    var model: Int
    /// Arrays that forward, backward, update and evaluation make, with the batches that wait.
    var arrays: Int
    /// What else appeared: BLAS buffers, stacks, the bookkeeping of graphs.
    var workspace: Int
  }

  /// Takes the steps.
  ///
  /// - Parameter plan: the plan of the job.
  /// - Throws: ``ConfigurationError``, ``ParallelError`` for a job that cannot be cut like that.
  func run(_ plan: JobPlan) throws -> Outcome {
    let part = partOfOneRank
    let before = loaded.privatePeak
    let region = try part.sharedBytes(.even(ranks: 1, hosts: 1)).byteCount
    let group = SingleProcessGroup()
    let trainer: any Trainer =
      configuration.parallel.mode == .sync
      ? try SynchronousTrainer(part.configuration, plan: plan, dataset: data.train, group: group)
      : try HogwildTrainer(part.configuration, plan: plan, dataset: data.train, group: group)
    let prepared = max(ProcessMemory.current.privatePeak - region, before)
    let arraysBefore = AllocatorStatistics.current.systemBytes
    try takeSteps(trainer, part.configuration, plan)
    let tested = (data.test.count + placement.ranks - 1) / placement.ranks
    _ = try Evaluation.run(
      trainer.model, on: data.test.prefix(min(tested, Self.evaluationCount)), group: group)
    let after = max(ProcessMemory.current.privatePeak - region, prepared)
    let arrays = min(AllocatorStatistics.current.systemBytes - arraysBefore, after - prepared)
    return Outcome(
      model: prepared - before, arrays: arrays, workspace: after - prepared - arrays)
  }

  /// More samples than ``Evaluation`` takes at once.
  private static let evaluationCount = 512

  private func takeSteps(
    _ trainer: any Trainer, _ configuration: Configuration, _ plan: JobPlan
  ) throws {
    let recorder = RunRecorder(
      configuration: configuration, plan: plan,
      reporter: ProgressReporter(style: .text, rank: 1), metrics: nil)
    let batchSize = configuration.train.batchSize
    let available = min((data.train.count + batchSize - 1) / batchSize, plan.stepCount)
    for step in 0..<min(Self.stepCount, available) {
      // A loss that is no number any more says nothing about memory.
      do {
        _ = try trainer.train(epoch: 0, steps: step..<step + 1, recorder: recorder)
      } catch is TrainingError {}
      if recorder.wallSeconds > Self.enoughSeconds { break }
    }
  }

  /// The job of one process that computes what falls to the busiest rank.
  private var partOfOneRank: MemoryRehearsal {
    guard configuration.parallel.mode == .sync else { return self }
    var part = configuration
    let shards = configuration.dataParallelOptions.shardCount(ranks: placement.ranks)
    let own = (shards + placement.ranks - 1) / placement.ranks
    let samples = (configuration.train.samplesPerStep + shards - 1) / shards
    part.parallel.virtualShards = own
    part.train.accumulate = 1
    part.train.batchSize = own * samples
    return MemoryRehearsal(
      configuration: part, data: data, placement: placement, loaded: loaded)
  }

  /// What a rank would have of its own for the network, and what the first rank of a host would have besides.
  func networkBytes(_ topology: Topology) throws -> (
    each: [MemoryPlan.Item], first: [MemoryPlan.Item]
  ) {
    guard configuration.parallel.mode == .sync, topology.hostCount > 1 else { return ([], []) }
    let memory = try DataParallel.networkMemory(
      model: try configuration.makeModel(for: data.train),
      optimizer: configuration.optimizerConfiguration, topology: topology,
      options: configuration.dataParallelOptions)
    func items(_ items: [MemoryPlan.Item]) -> [MemoryPlan.Item] { items.filter { $0.bytes > 0 } }
    return (
      items([
        .init(name: "messages to other hosts", bytes: memory.messages),
        .init(name: "optimiser state of this rank", bytes: memory.optimizerState),
        .init(name: "what compression keeps and takes", bytes: memory.compression),
      ]),
      items([.init(name: "what compression keeps and takes", bytes: memory.firstRankCompression)])
    )
  }

  /// What the ranks of a host would share.
  func sharedBytes(_ topology: Topology) throws -> [MemoryPlan.Item] {
    guard configuration.parallel.mode == .sync else {
      let bytes = try Hogwild.sharedByteCount(
        optimizer: configuration.optimizerConfiguration, topology: topology,
        options: configuration.hogwildOptions
      ) { try configuration.makeModel(for: data.train) }
      return [.init(name: "parameters and counters", bytes: bytes)]
    }
    let memory = try DataParallel.sharedMemory(
      model: try configuration.makeModel(for: data.train),
      optimizer: configuration.optimizerConfiguration, topology: topology,
      options: configuration.dataParallelOptions)
    return [
      .init(name: "parameters", bytes: memory.parameters),
      .init(name: "optimiser state", bytes: memory.optimizerState),
      .init(name: "gradients", bytes: memory.gradients),
      .init(name: "exchange, norms and flags", bytes: memory.exchange),
    ]
  }
}

extension Dataset {
  /// The first samples.
  fileprivate func prefix(_ count: Int) -> Dataset {
    guard count < self.count else { return self }
    var part = Dataset(
      name: name, features: Kernels.narrow(features, 0, 0, count),
      targets: Kernels.narrow(targets, 0, 0, count), targetKind: targetKind, scaling: scaling,
      sampleShape: sampleShape)
    part.targetScaling = targetScaling
    return part
  }
}
