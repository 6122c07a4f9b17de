import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

/// Data parallelism with rare communication: every rank updates its own copy of the model with the gradient
/// of its own samples, and every few steps the copies are replaced by their mean (Stich, 2019; Lin et al., 2020,
/// for the synchronous steps at the begin).
///
/// Only parameters and buffers are averaged, not the optimiser's state. The mean is added up along the
/// group's tree over ranks: the same ranks give the same bits, as threads, processes or on several hosts.
/// Unlike with ``DataParallel``, the result depends on the number of ranks.
public final class LocalSGD: SynchronousStepping {
  /// When ranks communicate.
  public struct Schedule: Sendable, Hashable {
    /// Steps from one mean to the next.
    public var every: Int
    /// Synchronous steps at the begin, before the first local one.
    public var after: Int

    /// A schedule; `every` must be at least 1, `after` at least 0.
    public init(every: Int, after: Int = 0) {
      require(every >= 1, "LocalSGD: a mean every \(every) steps")
      require(after >= 0, "LocalSGD: \(after) synchronous steps")
      self.every = every
      self.after = after
    }
  }

  /// How the batch is cut, over all ranks.
  public let plan: ShardPlan
  /// The virtual shards this rank computes.
  public let shards: Range<Int>
  /// When ranks communicate.
  public let schedule: Schedule
  /// Steps taken so far.
  public private(set) var stepCount = 0
  /// Means taken so far.
  public private(set) var meanCount = 0

  private let group: any ProcessGroup
  private let model: Module
  private let optimizer: OptimizerConfiguration
  private let options: DataParallel.Options
  /// Takes the steps: with all ranks, later alone.
  private var parallel: DataParallel?
  private var isLocal = false
  /// Whether local steps have been taken since the last mean.
  private var hasDiverged = false

  /// Prepares a model; every rank calls this with an equal model and equal options.
  /// - Throws: ``ParallelError`` for any form but `replicated`, and as ``DataParallel`` does;
  ///   ``CommunicationError``.
  public init(
    model: Module, optimizer: OptimizerConfiguration, group: any ProcessGroup,
    options: DataParallel.Options, schedule: Schedule
  ) throws {
    guard options.reduction == .mean else {
      throw ParallelError(
        "parallel.sync_every is \(schedule.every), but parallel.reduction is \(options.reduction.rawValue), "
          + "which joins gradients in every step; set reduction to mean or sync_every to 1")
    }
    guard options.update == .replicated else {
      throw ParallelError(
        "parallel.sync_every is \(schedule.every), but parallel.update is \(options.update.rawValue): "
          + "local steps need a copy of the model on every rank; use parallel.update replicated")
    }
    self.group = group
    self.model = model
    self.optimizer = optimizer
    self.options = options
    self.schedule = schedule
    let parallel = try DataParallel(
      model: model, optimizer: optimizer, group: group, options: options)
    plan = parallel.plan
    shards = parallel.shards
    self.parallel = parallel
  }

  /// The bytes that the ranks of this host share.
  public var sharedByteCount: Int { parallel?.sharedByteCount ?? 0 }

  /// Refuses the size of a batch that the model cannot be trained with.
  /// - Throws: ``ParallelError``, on all ranks alike.
  public func check(batch sampleCount: Int) throws { try parallel?.check(batch: sampleCount) }

  /// Takes one step as ``DataParallel/step(learningRate:sampleCount:stopRequested:loss:)`` does, alone
  /// unless all ranks take it together.
  ///
  /// The outcome of a step alone is this rank's; all ranks learn of losses and of requests to stop when a mean is
  /// taken.
  public func step(
    learningRate: Double, sampleCount: Int, stopRequested: Bool = false,
    loss: (_ shard: Int) throws -> Tensor
  ) throws -> DataParallel.Outcome {
    if stepCount == schedule.after && schedule.every > 1 && !isLocal { try separate() }
    guard let parallel else { fatalError("LocalSGD: a step after a failure") }
    let share = BatchShare(
      plan: plan, shards: isLocal ? shards : 0..<plan.shards, sampleCount: sampleCount)
    do {
      var outcome = try parallel.step(
        learningRate: learningRate, stopRequested: stopRequested, share: share, loss: loss)
      stepCount += 1
      guard isLocal else { return outcome }
      hasDiverged = true
      let isMean = (stepCount - schedule.after) % schedule.every == 0
      (outcome.loss, outcome.shouldStop) =
        isMean
        ? try agree(outcome.loss, samples: share.ownCount, stopRequested) : (outcome.loss, false)
      if isMean { try settle() }
      return outcome
    } catch {
      group.fail(error)
      throw error
    }
  }

  /// Replaces the copies of the model by their mean, if they differ; all ranks call this.
  /// - Throws: ``CommunicationError``.
  public func settle() throws {
    guard hasDiverged, let parallel else { return }
    hasDiverged = false
    meanCount += 1
    for run in parallel.reducer.update.ownParameters {
      try group.allReduce(run.bytes, run.dtype, .mean)
    }
    for parameter in model.namedParameters { parameter.tensor.incrementVersion() }
    for buffer in model.namedBuffers { try average(buffer.tensor) }
  }

  private func average(_ buffer: Tensor) throws {
    let values = Kernels.contiguous(buffer.array)
    let mean = NDArray(uninitialized: values.shape, values.dtype)
    mean.copy(from: values)
    try withExtendedLifetime(mean) {
      try group.allReduce(
        UnsafeMutableRawBufferPointer(
          start: mean.pointer, count: mean.count * mean.dtype.byteSize), mean.dtype, .mean)
    }
    buffer.array.copy(from: mean)
    buffer.incrementVersion()
  }

  /// From now on this rank takes steps alone, with the state its optimiser has.
  private func separate() throws {
    let state = parallel?.reducer.update.optimizerState
    // It watches the same parameters, so it must be gone before the next one begins to.
    parallel = nil
    var own = options
    own.virtualShards = shards.count
    own.accumulate = 1
    own.compression = .none
    own.initialValues = .ofFirstRank
    let alone = try DataParallel(
      model: model, optimizer: optimizer, group: SingleProcessGroup(), options: own)
    alone.resume(at: stepCount)
    if let state { alone.reducer.update.optimizerState = state }
    parallel = alone
    isLocal = true
  }

  /// The mean loss over the samples of all ranks, and whether any of them wants to stop.
  private func agree(
    _ loss: Double, samples: Int, _ stopRequested: Bool
  ) throws -> (loss: Double, shouldStop: Bool) {
    var sums = [samples > 0 ? loss * Double(samples) : 0, Double(samples), stopRequested ? 1 : 0]
    try sums.withUnsafeMutableBytes { try group.allReduce($0, .float64, .sum) }
    return (sums[0] / max(sums[1], 1), sums[2] > 0)
  }
}
