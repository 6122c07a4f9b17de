import CKernels
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

/// Collects the gradients of one step and reduces them bucket by bucket.
///
/// Leaves tell it when their gradient is complete. A bucket whose gradients are all there is published
/// to the other ranks, in index order; a bucket that all ranks of the host have published is reduced:
/// each rank adds up its slice and, in the sharded form, updates the parameters there at once. That is
/// safe during the backward pass, because a gradient is complete only after every operator that reads
/// the parameter has run, on all ranks.
///
/// `Reducer+Collecting.swift` takes gradients, `Reducer+Shards.swift` joins those of a rank's shards,
/// `Reducer+Buckets.swift` moves buckets through their stages, `Reducer+Finish.swift` ends the step,
/// `Reducer+Layout.swift` plans buckets anew.
final class Reducer {
  /// Where a step is.
  enum State: Hashable {
    /// Between steps.
    case idle
    /// Gradients of the rank's shards arrive.
    case collecting
    /// All gradients of this rank are there; others may be missing.
    case reducing
    /// Every sum is there, the verdict is known, updates that had to wait may be done.
    case finished
  }

  let memory: StepRegion
  /// This rank's place in the order of shards.
  let position: Int
  let group: any ProcessGroup
  let plan: ShardPlan
  let options: DataParallel.Options
  let parameters: [Tensor]
  let names: [String]
  /// The words of each parameter in flat memory.
  let ranges: [Range<Int>]
  let elements: [FlatElement]
  let update: SliceUpdate
  /// The way to other hosts; nil on a single host.
  let network: (any NetworkLeg)?
  /// The gradients that are formed for all shards of this rank together; nil for those that every shard
  /// writes.
  let products: [RowProducts?]
  let hostLeaves: [TreeSum.Leaf]
  /// How gradients are joined if they are not added up; see ``DataParallel/Reduction``.
  let adasum: Adasum?

  /// Names what is infinite or no number.
  let inspector: FiniteInspector
  /// Whether a rank may refuse a step, so that no update happens before all have accepted.
  var mayRefuse: Bool { options.onNaN == .skip }
  /// Told of everything that happens to buckets; nil costs one test.
  var observer: ((ReducerEvent, _ bucket: Int) -> Void)?

  private let trace = BucketTrace()
  /// Called when buckets are planned anew.
  var layoutChanged: (() -> Void)?

  var state = State.idle
  var step = 0
  var buckets: BucketPlan
  /// How far each bucket is.
  var progress: [BucketProgress] = []
  /// The first bucket whose gradients of this shard are not complete on this rank.
  var nextToPublish = 0
  /// The first bucket this rank has not passed on to the network (several hosts only).
  var nextToSend = 0
  /// The first bucket this rank has not reduced.
  var nextToReduce = 0
  /// What this rank's current shard has brought.
  var shard: ShardCollection
  var graphs = GraphMemory()
  var history: LayoutHistory
  private var isDetached = false
  var stopRequested = false
  /// The share of this rank's samples among all of the step.
  var ownWeight = 0.0
  var wantedOrder: [Int]?
  private var epochBase: UInt32 = 0
  /// Whether some rank has refused its gradients of this step.
  var isRefused = false
  /// The norm of this step's gradient, if it is wanted.
  var norm: Double?

  init(
    model: Module, optimizer: OptimizerConfiguration?, group: any ProcessGroup, plan: ShardPlan,
    options: DataParallel.Options, replacing old: Reducer? = nil
  ) throws {
    let layout = try WordLayout(model)
    if group.topology.hostCount > 1 { try options.compression.check(layout) }
    self.group = group
    self.plan = plan
    self.options = options
    parameters = layout.entries.map(\.tensor)
    elements = layout.entries.map(\.element)
    // Tables with sparse gradients have none to reduce: see `RowExchange`.
    let sparse = Set(model.sparseTables.map(\.name))
    ranges = layout.entries.map {
      sparse.contains($0.name) ? $0.offset..<$0.offset : $0.range
    }
    names = layout.entries.map(\.name)
    // Gradients are complete in about the reverse order of the forward pass.
    let order = Array(parameters.indices.reversed())
    history = LayoutHistory(planned: order, isGiven: options.bucketLayout != nil)
    buckets =
      if old == nil, let given = options.bucketLayout {
        BucketPlan(ranges: ranges, groups: try given.groups(of: names))
      } else {
        BucketPlan(ranges: ranges, order: order, sizes: options.effectiveBucketSizes)
      }
    let tree = HostTree(topology: group.topology, plan: plan)
    position = tree.position
    adasum = options.reduction == .adasum ? Adasum(ranks: tree.localSize) : nil
    let isJoint =
      plan.shards(of: position).count > 1 && plan.slotCount <= RowProducts.mostSums
    products = layout.entries.map { isJoint && $0.tensor.rank == 2 ? RowProducts() : nil }
    let flat = optimizer.map { FlatOptimizer($0) }
    let shardsState = options.shardState == .all && tree.hostCount > 1
    memory = try StepRegion(
      group: group,
      StepRegion.Extent(
        elementCount: layout.wordCount, parameters: parameters.count,
        sharesParameters: options.update == .sharded,
        stateSlots: shardsState ? 0 : flat?.stateSlotCount ?? 0,
        slotsPerRank: plan.slotCount, hostNodes: tree.ownNodeCount,
        pieces: PieceNumbers(ranges: layout.entries.map(\.range)).total, shards: plan.shards,
        isAdaptive: adasum != nil,
        ownElements: buckets.buckets.flatMap {
          $0.slice(group.topology.localRank, of: group.topology.localSize).map(\.range)
        }))
    hostLeaves = tree.localLeaves(in: memory, plan: plan)
    let setting = NetworkSetting(
      group: group, tree: tree, memory: memory, plan: plan, elements: elements,
      gathersParameters: shardsState)
    let network =
      tree.hostCount > 1
      ? try options.communicationThread.attach(
        to: options.compression.leg(setting, shapes: parameters.map(\.shape)), of: group) : nil
    self.network = network
    inspector = FiniteInspector(layout, rank: group.rank, policy: options.onNaN) {
      tree.rank(at: plan.rank(of: $0), in: group.topology)
    }
    shard = ShardCollection(parameters: parameters.count)
    old?.detach()
    update = try SliceUpdate(
      model: model, memory: memory, optimizer: flat, group: group, update: options.update,
      leaves: network?.results ?? hostLeaves, shards: plan.shards,
      ownedState: shardsState ? network?.owned(buckets) : nil, previous: old?.update)
    update.checksSums = network?.sendsEveryHeader != true
    update.adopt(buckets, network)
    observer = old?.observer
    for (index, parameter) in parameters.enumerated() {
      parameter.accumulator?.sink = { [unowned self] _ in try self.gradientArrived(at: index) }
      parameter.accumulator?.products = products[index]
    }
  }

  deinit {
    detach()
    update.deallocate()
  }

  /// Lets go of the parameters' gradients.
  private func detach() {
    if isDetached { return }
    isDetached = true
    for parameter in parameters {
      parameter.accumulator?.sink = nil
      parameter.accumulator?.destination = nil
      parameter.accumulator?.products = nil
    }
  }

  // MARK: Epochs

  /// When ranks of a host meet in a step: once for each bucket, then at these points.
  enum Meeting: Int, CaseIterable {
    /// All losses and requests of the host's ranks are written.
    case report
    /// All sums of the host's slices are there.
    case sums
    /// All slices are updated.
    case end
  }

  func epoch(bucket: Int) -> UInt32 { epochBase &+ UInt32(bucket + 1) }
  func epoch(_ meeting: Meeting) -> UInt32 {
    let levels = meeting == .report ? 0 : levelCount
    return epoch(bucket: buckets.buckets.count + meeting.rawValue + levels)
  }
  /// Every level of adaptive summation is a meeting of its own between the reports and the sums.
  func epoch(level: Int) -> UInt32 { epoch(bucket: buckets.buckets.count + 1 + level) }
  private var levelCount: Int { adasum?.levels.count ?? 0 }

  /// The step is over: its epochs are used up.
  func consumeEpochs() {
    epochBase &+= UInt32(buckets.buckets.count + Meeting.allCases.count + levelCount)
  }

  /// Tells the other ranks that this one cannot go on.
  func fail(_ error: any Error) {
    if network == nil { memory.flags.fail(error) } else { group.fail(error) }
  }

  /// The seam for those who watch a step.
  func note(_ event: ReducerEvent, bucket: Int) {
    let bytes =
      buckets.buckets.indices.contains(bucket)
      ? buckets.buckets[bucket].elementCount * MemoryLayout<Float>.stride : 0
    trace.note(event, bucket: bucket, bytes: bytes)
    observer?(event, bucket)
  }
}
