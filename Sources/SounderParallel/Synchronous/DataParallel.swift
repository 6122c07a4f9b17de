import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import SounderTrace

/// Synchronous data parallelism: all ranks take every step together, with the mean gradient of the
/// global batch.
///
/// The batch is cut into virtual shards, each differentiated on its own; their gradients are added along
/// a tree that depends on the number of shards only. So the result does not depend on how many ranks
/// there are, bit for bit. Gradients lie in memory that the ranks of a host share, written there by the
/// operators that compute them, and a bucket is reduced while the backward pass is still running.
///
/// ```swift
/// let parallel = try DataParallel(model: model, optimizer: .init(kind: .sgd), group: group)
/// for step in 0..<steps {
///   let outcome = try parallel.step(learningRate: 0.1, sampleCount: batch.count) { shard in
///     try model(batch.inputs(parallel.samples(of: shard))).crossEntropy(batch.targets(…))
///   }
/// }
/// ```
public final class DataParallel {
  /// Where parameters and optimiser state live.
  public enum Update: String, Sendable, CaseIterable {
    /// Once per host, in shared memory; each rank updates its part. `grad` is not kept.
    case sharded
    /// On every rank, which gets the whole gradient in `grad`: the semantics of PyTorch's DDP.
    case replicated
  }

  /// How far optimiser state is shared out (form `sharded`).
  public enum ShardState: String, Sendable, CaseIterable {
    /// Every host has all of it, once.
    case host
    /// Every host has a part, which only its ranks update; new parameters travel instead of gradients
    /// (ZeRO-1; Rajbhandari et al., 2020). As many bytes travel, the bits are the same.
    case all
  }

  /// Whose parameters a job begins with.
  public enum InitialValues: Sendable {
    /// Those of rank 0, whatever the others have.
    case ofFirstRank
    /// All ranks must have the same.
    case equal
  }

  /// How a job is run in parallel.
  public struct Options: Sendable {
    /// Where parameters and optimiser state live.
    public var update = Update.sharded
    /// How far optimiser state is shared out.
    public var shardState = ShardState.host
    /// How gradients are made smaller for the way between hosts.
    public var compression = Compression.none
    /// The number of virtual shards; nil means one for each rank.
    public var virtualShards: Int?
    /// The size of a gradient bucket in bytes; a larger parameter has a bucket of its own.
    public var bucketBytes = 256 << 10
    /// The largest norm of the gradient; larger gradients are scaled down to it.
    public var clipNorm: Double?
    /// The seed of the random numbers drawn inside the model.
    public var seed: UInt64 = 0
    /// Whose parameters the job begins with.
    public var initialValues = InitialValues.ofFirstRank
    /// What becomes of a step with a loss or gradient that is infinite or not a number.
    public var onNaN = NonFinitePolicy.abort
    /// Steps between two comparisons of the copies of the model, where there are several; 0 never compares.
    public var checkEvery = 100

    /// The defaults.
    public init() {}
  }

  /// What a step found out; the same on all ranks.
  public struct Outcome: Sendable {
    /// The mean loss over the samples of the global batch.
    public internal(set) var loss: Double
    /// The norm of the gradient before clipping; nil unless clipping is on.
    public let gradientNorm: Double?
    /// Whether any rank asked to stop.
    public internal(set) var shouldStop: Bool
    /// Whether the update was left out because a rank refused its gradients.
    public let isSkipped: Bool
    /// Why the update was left out, with rank and parameter; nil if it was not.
    public internal(set) var skipReason: String?
  }

  /// The processes that take part.
  public let group: any ProcessGroup
  /// How the batch is cut.
  public let plan: ShardPlan
  /// The options in force.
  public let options: Options
  /// Steps taken so far.
  public private(set) var stepCount = 0

  let reducer: Reducer
  private let schedule: [ShardPlan.Step]
  private let buffers: BufferExchange?
  private let statistics: JointStatistics?
  private let inspector: FiniteInspector
  private let divergence: DivergenceCheck?
  private let rows: RowExchange?

  /// Prepares a model for parallel steps; every rank calls this with an equal model and equal options.
  ///
  /// The parameters move into shared memory (form `sharded`) or flat memory of this process
  /// (`replicated`), with the values of rank 0.
  /// - Throws: ``DisagreementError`` if model, optimiser or options differ between ranks;
  ///   ``ParallelError`` for a job that cannot be cut like that or has parameters that are neither float32
  ///   nor float64, or on several hosts are not float32;
  ///   ``CommunicationError``.
  public init(
    model: Module, optimizer: OptimizerConfiguration, group: any ProcessGroup,
    options: Options = Options()
  ) throws {
    self.group = group
    self.options = options
    try Self.agree(model, optimizer, group, options)
    guard options.shardState == .host || options.update == .sharded else {
      throw ParallelError(
        "parallel.shard_state is all, but parallel.update is replicated, which keeps all state on every "
          + "rank; use parallel.update sharded")
    }
    try options.compression.check(options.shardState)
    plan = try ShardPlan(shards: options.virtualShards ?? group.size, ranks: group.size)
    reducer = try Reducer(
      model: model, optimizer: optimizer, group: group, plan: plan, options: options)
    statistics = try JointStatistics(model: model, group: group, plan: plan)
    buffers = try BufferExchange(model: model, group: group, shards: plan.shards)
    schedule = plan.schedule(of: reducer.position).steps
    inspector = FiniteInspector(
      try WordLayout(model), rank: group.rank, policy: options.onNaN)
    divergence = DivergenceCheck(
      model: model, group: group, update: options.update, interval: options.checkEvery)
    rows = try RowExchange(
      model: model, group: group, plan: plan, reducer: reducer, inspector: inspector)
    reducer.mayRefuse = options.onNaN == .skip
    if reducer.mayRefuse || group.topology.hostCount > 1 {
      reducer.inspector = inspector
    } else {
      reducer.refusal = { [inspector, plan] block, leaves in
        inspector.error(ofSum: block, leaves: leaves) { plan.rank(of: $0) }
      }
    }
  }

  deinit {
    statistics?.detach()
    rows?.detach()
  }

  private static func agree(
    _ model: Module, _ optimizer: OptimizerConfiguration, _ group: any ProcessGroup,
    _ options: Options
  ) throws {
    guard group.size > 1 else { return }
    var agreement = Agreement()
    agreement.add(options, of: "options")
    agreement.add(optimizer, of: "optimizer")
    agreement.add(model, values: options.initialValues == .equal)
    try agreement.check(group)
  }

  /// The bytes this rank has sent to other hosts for gradients and parameters since the start.
  public var networkBytes: Int { reducer.network?.sentBytes ?? 0 }

  /// What compression carries from step to step on this rank.
  ///
  /// It is part of a job's state like that of the optimiser, and fits jobs with the same hosts and ranks only.
  public var compressionState: CompressionState {
    get { reducer.network?.compressionState ?? CompressionState() }
    set { reducer.network?.compressionState = newValue }
  }

  /// The virtual shards this rank computes.
  public var shards: Range<Int> { plan.shards(of: reducer.position) }

  /// Refuses the size of a batch that the model cannot be trained with on this many ranks; any size is
  /// good unless a layer normalises over the whole batch.
  /// - Throws: ``ParallelError``, on all ranks alike.
  public func check(batch sampleCount: Int) throws { try statistics?.check(batch: sampleCount) }

  /// Takes one step: forward and backward for each shard of this rank, reduction, update.
  ///
  /// - Parameters:
  ///   - learningRate: The rate of this step.
  ///   - sampleCount: The samples of the global batch, over all ranks.
  ///   - stopRequested: Whether this rank wants to stop; all ranks learn of it in this step.
  ///   - loss: Computes the mean loss over the samples of one shard, `plan.samples(of:in:)`.
  /// - Throws: what `loss` or the backward pass throws, on all ranks; ``NonFiniteError`` on a rank that
  ///   has computed no finite number, unless such steps are skipped; ``DisagreementError`` if the ranks'
  ///   copies of the model differ; ``CommunicationError``.
  public func step(
    learningRate: Double, sampleCount: Int, stopRequested: Bool = false,
    loss: (_ shard: Int) throws -> Tensor
  ) throws -> Outcome {
    try step(
      learningRate: learningRate, stopRequested: stopRequested,
      share: BatchShare(plan: plan, shards: 0..<plan.shards, sampleCount: sampleCount), loss: loss)
  }

  /// Takes a step on a part of a batch; `loss` is asked for the shards of the whole one.
  func step(
    learningRate: Double, stopRequested: Bool, share: BatchShare,
    loss: (_ shard: Int) throws -> Tensor
  ) throws -> Outcome {
    try check(batch: share.ownCount)
    let outcome = try takeStep(learningRate, share, stopRequested, loss)
    try divergence?.after(steps: stepCount)
    return outcome
  }

  /// Goes on where another has stopped.
  func resume(at step: Int) { stepCount = step }

  private func takeStep(
    _ learningRate: Double, _ share: BatchShare, _ stopRequested: Bool,
    _ loss: (_ shard: Int) throws -> Tensor
  ) throws -> Outcome {
    do {
      inspector.begin(step: stepCount + 1)
      try reducer.begin(step: stepCount, learningRate: learningRate)
      buffers?.beginStep()
      rows?.beginStep()
      for entry in schedule {
        let shard = share.shards.lowerBound + entry.shard
        let weight = share.weight(of: shard)
        try reducer.beginShard(entry)
        var value = 0.0
        if weight > 0 {
          buffers?.beginShard()
          let context = RandomContext(
            seed: options.seed, step: UInt64(stepCount), shard: UInt64(shard))
          value = try withRandomContext(context) {
            let result = try Trace.span(.forward, "forward", shard) {
              try loss(shard)
            }
            try statistics?.check()
            let mean = result.item()
            try inspector.inspect(loss: mean)
            try Trace.span(.backward, "backward", shard) {
              try reducer.keepingNetworkBusy {
                try result.backward(gradient: Tensor(scalar: .float(weight), result.dtype))
              }
            }
            return mean * weight
          }
          buffers?.endShard(entry.shard, weight: weight)
        }
        try rows?.endShard()
        try reducer.endShard(loss: value)
      }
      var outcome = try Trace.span(.phase, "finish step", stepCount + 1) {
        try reducer.finish(stopRequested: stopRequested)
      }
      if outcome.isSkipped {
        buffers?.restore()
        outcome.skipReason = try agreeOnReason()
      } else {
        try buffers?.endStep()
        try rows?.endStep()
      }
      stepCount += 1
      return outcome
    } catch {
      reducer.fail(error)
      throw error
    }
  }
  /// What the lowest rank that refused this step has found.
  private func agreeOnReason() throws -> String {
    let findings = try group.allGather(text: inspector.finding?.finding ?? "")
    return findings.first { !$0.isEmpty } ?? "a rank refused its gradients"
  }
}
