import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

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

  /// How the gradients of ranks become one.
  public enum Reduction: String, Sendable, CaseIterable {
    /// The mean over all samples.
    case mean
    /// Adaptive summation (Maleki et al., 2021): parameter by parameter, the mean gradients of ranks are added
    /// as far as they are orthogonal and averaged as far as they are parallel, so that a learning rate suits
    /// any number of ranks.
    ///
    /// `(1 − a·b / 2|a|²) a + (1 − a·b / 2|b|²) b` for two, along a fixed tree for more. The result depends on
    /// the number of ranks, but not on whether they are threads or processes. For one host.
    case adasum
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
    /// How the gradients of ranks become one.
    public var reduction = Reduction.mean
    /// How gradients are made smaller for the way between hosts.
    public var compression = Compression.none
    /// Who moves transfers to other hosts on while a rank computes.
    public var communicationThread = CommunicationThread.auto
    /// The number of virtual shards; nil means one for each rank.
    public var virtualShards: Int?
    /// Backward passes of each virtual shard's rank before an update; see ``ShardPlan``.
    ///
    /// The batch is cut into `accumulate` times as many virtual shards, which ranks differentiate one after
    /// the other: one process that accumulates over k passes computes the bits of k processes.
    public var accumulate = 1
    /// The size of a gradient bucket in bytes, with smaller ones at both ends; nil takes ``bucketSizes``.
    public var bucketBytes: Int?
    /// The sizes of gradient buckets.
    public var bucketSizes = BucketSizes()
    /// The buckets of an earlier job, for one that goes on from there; nil plans them.
    public var bucketLayout: BucketLayout?
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

    /// The sizes of buckets in force.
    public var effectiveBucketSizes: BucketSizes {
      bucketBytes.map { BucketSizes(regular: $0) } ?? bucketSizes
    }

    /// The virtual shards of a job on a number of ranks.
    public func shardCount(ranks: Int) -> Int { (virtualShards ?? ranks) * max(accumulate, 1) }
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
  public internal(set) var stepCount = 0
  /// Called when buckets are planned anew, which happens between two steps, on all ranks: once after the
  /// first step, and when the graph has changed.
  public var onBucketLayout: ((BucketLayout) -> Void)?

  private(set) var reducer: Reducer
  let schedule: [ShardPlan.Step]
  let buffers: BufferExchange?
  let statistics: JointStatistics?
  var inspector: FiniteInspector { reducer.inspector }
  let divergence: DivergenceCheck?
  private(set) var rows: RowExchange?
  private let model: Module
  private let optimizer: OptimizerConfiguration?
  /// Parameters that were frozen when the reducer was made.
  private var frozen: [Tensor] = []
  /// The number of this plan's first shard in the whole batch; not 0 for a rank that takes steps alone.
  var firstShard = 0
  /// The number of shards of this rank whose gradients are there.
  var completedShards = 0
  /// Whether the next shard has its gradient memory, buffers and random numbers.
  var isShardOpen = false
  /// Whether the loss of the open shard was computed by ``forward(_:)``.
  var isForwardDone = false

  /// Prepares a model for parallel steps; every rank calls this with an equal model and equal options.
  ///
  /// The parameters move into shared memory (form `sharded`) or flat memory of this process
  /// (`replicated`), with the values of rank 0. Frozen parameters stay where they are until they require
  /// a gradient.
  /// - Parameter optimizer: What updates; nil leaves that to the caller (form `replicated` only), who finds
  ///   the mean gradient in `grad` after ``backward(_:weight:sync:stopRequested:)``.
  /// - Throws: ``DisagreementError`` if model, optimiser or options differ between ranks;
  ///   ``ParallelError`` for a job that cannot be cut like that or has parameters that are neither float32
  ///   nor float64, or on several hosts are not float32;
  ///   ``CommunicationError``.
  public init(
    model: Module, optimizer: OptimizerConfiguration?, group: any ProcessGroup,
    options: Options = Options()
  ) throws {
    guard optimizer != nil || model.sparseTables.isEmpty else {
      throw ParallelError(
        "DataParallel: sparse gradients go straight into an update and need its optimiser; give one, or "
          + "set sparse to false")
    }
    guard optimizer != nil || options.update == .replicated else {
      throw ParallelError(
        "DataParallel: without an optimiser there is nothing to shard; set options.update to "
          + ".replicated, or give an optimiser")
    }
    self.group = group
    self.options = options
    self.model = model
    self.optimizer = optimizer
    try Self.agree(model, optimizer, group, options)
    guard options.shardState == .host || options.update == .sharded else {
      throw ParallelError(
        "parallel.shard_state is all, but parallel.update is replicated, which keeps all state on every "
          + "rank; use parallel.update sharded")
    }
    try options.compression.check(options.shardState)
    try options.reduction.check(model, options, hosts: group.topology.hostCount)
    plan = try ShardPlan(shards: options.shardCount(ranks: group.size), ranks: group.size)
    reducer = try Reducer(
      model: model, optimizer: optimizer, group: group, plan: plan, options: options)
    statistics = try JointStatistics(model: model, group: group, plan: plan)
    buffers = try BufferExchange(model: model, group: group, shards: plan.shards)
    schedule = plan.schedule(of: reducer.position).steps
    divergence = DivergenceCheck(
      model: model, group: group, update: options.update, interval: options.checkEvery)
    rows = try RowExchange(model: model, group: group, plan: plan, reducer: reducer)
    frozen = model.parameters.filter { !$0.requiresGrad }
    watchLayout()
  }

  deinit {
    statistics?.detach()
    rows?.detach()
  }

  private static func agree(
    _ model: Module, _ optimizer: OptimizerConfiguration?, _ group: any ProcessGroup,
    _ options: Options
  ) throws {
    guard group.size > 1 else { return }
    var agreement = Agreement()
    agreement.add(options, of: "options")
    if let optimizer { agreement.add(optimizer, of: "optimizer") }
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

  /// Takes parameters in that have begun to require a gradient; every rank must do so before the same step.
  ///
  /// The flat memory is laid out anew, parameters and optimiser state move there.
  func takeInUnfrozenParameters() throws {
    guard frozen.contains(where: \.requiresGrad) else { return }
    guard options.shardState == .host || group.topology.hostCount == 1 else {
      throw ParallelError(
        "a parameter has begun to require a gradient, but parallel.shard_state is all: optimiser state "
          + "cannot move between hosts; set shard_state to host, or thaw before training")
    }
    reducer = try Reducer(
      model: model, optimizer: optimizer, group: group, plan: plan, options: options,
      replacing: reducer)
    rows?.detach()
    rows = try RowExchange(model: model, group: group, plan: plan, reducer: reducer)
    frozen = model.parameters.filter { !$0.requiresGrad }
    watchLayout()
    onBucketLayout?(bucketLayout)
  }

  private func watchLayout() {
    reducer.layoutChanged = { [unowned self] in onBucketLayout?(bucketLayout) }
  }

  /// The buckets in which gradients are reduced, the same on all ranks.
  public var bucketLayout: BucketLayout { reducer.layout }

  /// The virtual shards this rank computes.
  public var shards: Range<Int> { plan.shards(of: reducer.position) }

  /// Refuses the size of a batch that the model cannot be trained with on this many ranks; any size is
  /// good unless a layer normalises over the whole batch.
  /// - Throws: ``ParallelError``, on all ranks alike.
  public func check(batch sampleCount: Int) throws { try statistics?.check(batch: sampleCount) }

  /// Goes on where another has stopped.
  func resume(at step: Int) { stepCount = step }
}
