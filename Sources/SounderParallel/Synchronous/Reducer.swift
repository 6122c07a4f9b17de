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
/// `Reducer.swift` collects, `Reducer+Buckets.swift` moves buckets through their stages,
/// `Reducer+Finish.swift` ends the step.
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
  /// The words of each parameter in flat memory.
  let ranges: [Range<Int>]
  let elements: [FlatElement]
  let update: SliceUpdate
  /// The way to other hosts; nil on a single host.
  let network: (any NetworkLeg)?
  let hostLeaves: [TreeSum.Leaf]
  let finalSlots: Int

  /// Looks at gradients before they are published.
  var inspector: (any GradientInspector)?
  /// The error for a block of a sum that is infinite or no number, and the slots it was added up from; nil if
  /// sums are not looked at.
  var refusal: ((BucketPlan.Segment, [TreeSum.Leaf]) -> any Error)? {
    didSet { update.checksSums = refusal != nil }
  }
  /// Whether a rank may refuse a step, so that no update happens before all have accepted.
  var mayRefuse = false
  /// Told of everything that happens to buckets; nil costs one test.
  var observer: ((ReducerEvent, _ bucket: Int) -> Void)?

  private let trace = BucketTrace()

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
  private var entry = ShardPlan.Step(shard: 0, slot: 0, additions: [])
  private var isTouched: [Bool]
  private var epochBase: UInt32 = 0

  init(
    model: Module, optimizer: OptimizerConfiguration, group: any ProcessGroup, plan: ShardPlan,
    options: DataParallel.Options
  ) throws {
    let layout = try WordLayout(model)
    if group.topology.hostCount > 1,
      let wide = layout.entries.first(where: { $0.element == .float64 })
    {
      throw ParallelError(
        "parallel.mode sync: parameter '\(wide.name)' is float64, which is reduced on one host only; "
          + "convert it to float32, or start all ranks on one host")
    }
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
    // Gradients are complete in about the reverse order of the forward pass.
    buckets = BucketPlan(
      ranges: ranges, order: parameters.indices.reversed(),
      limit: max(options.bucketBytes / MemoryLayout<Float>.stride, 1))
    let tree = HostTree(topology: group.topology, plan: plan)
    position = tree.position
    finalSlots = plan.schedule(of: position).nodes.count
    let flat = FlatOptimizer(optimizer)
    let shardsState = options.shardState == .all && tree.hostCount > 1
    memory = try StepRegion(
      group: group,
      StepRegion.Extent(
        elementCount: layout.wordCount, parameters: parameters.count,
        sharesParameters: options.update == .sharded,
        stateSlots: shardsState ? 0 : flat.stateSlotCount,
        slotsPerRank: plan.slotCount, hostNodes: tree.ownNodeCount,
        pieces: PieceNumbers(ranges: ranges).total, shards: plan.shards))
    hostLeaves = tree.localLeaves(in: memory, plan: plan)
    let network =
      tree.hostCount > 1
      ? try options.compression.leg(
        NetworkSetting(
          group: group, tree: tree, memory: memory, plan: plan, gathersParameters: shardsState),
        shapes: parameters.map(\.shape)) : nil
    self.network = network
    isTouched = Array(repeating: false, count: parameters.count)
    update = try SliceUpdate(
      model: model, memory: memory, optimizer: flat, group: group, update: options.update,
      leaves: network?.results ?? hostLeaves, shards: plan.shards,
      ownedState: shardsState ? network?.owned(buckets) : nil)
    update.adopt(buckets, network)
    for (index, parameter) in parameters.enumerated() {
      parameter.accumulator?.sink = { [unowned self] _ in try self.parameterReady(index) }
    }
  }

  deinit {
    for parameter in parameters {
      parameter.accumulator?.sink = nil
      parameter.accumulator?.destination = nil
    }
    update.deallocate()
  }

  // MARK: Collecting

  /// Begins a step; `learningRate` is that of its update.
  func begin(step: Int, learningRate: Double) throws {
    self.step = step
    state = .collecting
    progress = buckets.buckets.map(BucketProgress.init)
    nextToSend = 0
    nextToReduce = 0
    update.begin(
      learningRate: learningRate,
      policy: SliceUpdate.Policy(
        defersUpdate: options.clipNorm != nil || mayRefuse, measuresNorm: options.clipNorm != nil))
    try network?.beginStep(step, buckets: buckets)
  }

  /// Points the gradients of all parameters to the slot of a shard.
  func beginShard(_ entry: ShardPlan.Step) throws {
    self.entry = entry
    nextToPublish = 0
    for (index, bucket) in buckets.buckets.enumerated() {
      progress[index].pending = bucket.segments.count
    }
    let slot = memory.slot(entry.slot, of: memory.region.localRank)
    for (index, parameter) in parameters.enumerated() {
      isTouched[index] = false
      guard let leaf = parameter.accumulator else { continue }
      leaf.gradient = nil
      leaf.destination = memory.array(
        slot, offset: ranges[index].lowerBound, shape: parameter.shape, elements[index])
    }
  }

  /// A parameter's gradient of this shard is complete.
  private func parameterReady(_ index: Int) throws {
    if isTouched[index] { return }
    isTouched[index] = true
    progress[buckets.bucketOfParameter[index]].header.touch(buckets.placeOfParameter[index])
    try settle(index)
    if isLastShard && network != nil { try advance() }
  }

  private func settle(_ index: Int) throws {
    let bucket = buckets.bucketOfParameter[index]
    progress[bucket].pending -= 1
    if progress[bucket].pending == 0 {
      if isLastShard { note(.ready, bucket: bucket) }
      try completeShard(entry, isLast: isLastShard)
    }
  }

  var isLastShard: Bool { entry.shard == plan.shards(of: position).upperBound - 1 }

  /// Makes all ranks leave the step out because of a parameter that this rank has not used; called before
  /// the end of the shard, when the parameter's bucket cannot have been published.
  func refuse(parameter: Int) {
    progress[buckets.bucketOfParameter[parameter]].header.refuse()
  }

  /// Ends a shard: parameters it did not use contribute zeros.
  func endShard(loss: Double) throws {
    let slot = memory.slot(entry.slot, of: memory.region.localRank)
    for index in parameters.indices where !isTouched[index] {
      (slot + ranges[index].lowerBound).update(repeating: 0, count: ranges[index].count)
      try settle(index)
    }
    memory.report(step: step, count: reportCount)[entry.shard] = loss
    if isLastShard { state = .reducing }
  }

  /// The words of a step's report: a loss for each shard, a stop request for each rank of the host and
  /// for all other hosts.
  var reportCount: Int { plan.shards + memory.region.localSize + 1 }

  // MARK: Epochs

  /// What ranks of a host agree on in a step: one epoch for each bucket, then these.
  enum Agreement: Int, CaseIterable {
    case report, norm, end
  }

  func epoch(bucket: Int) -> UInt32 { epochBase &+ UInt32(bucket + 1) }
  func epoch(_ agreement: Agreement) -> UInt32 {
    epoch(bucket: buckets.buckets.count + agreement.rawValue)
  }

  /// The step is over: its epochs are used up.
  func consumeEpochs() {
    epochBase &+= UInt32(buckets.buckets.count + Agreement.allCases.count)
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
