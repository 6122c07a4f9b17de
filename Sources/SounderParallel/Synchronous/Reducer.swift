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
  private var graphs = GraphMemory()
  private var history: LayoutHistory
  private var isDetached = false
  private var stopRequested = false
  /// The share of this rank's samples among all of the step.
  private var ownWeight = 0.0
  private var wantedOrder: [Int]?
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
      parameter.accumulator?.sink = { [unowned self] _ in try self.parameterReady(index) }
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

  // MARK: Collecting

  /// Begins a step.
  ///
  /// - Parameter learningRate: The rate of the update if that may happen as soon as sums are there; nil
  ///   if the step ends with ``applyUpdate(learningRate:)``.
  func begin(step: Int, learningRate: Double?) throws {
    self.step = step
    state = .collecting
    progress = buckets.buckets.map(BucketProgress.init)
    nextToSend = 0
    nextToReduce = 0
    stopRequested = false
    ownWeight = 0
    isRefused = false
    for product in products { product?.begin() }
    let mustWait =
      options.clipNorm != nil || mayRefuse || learningRate == nil || adasum != nil
    update.begin(
      learningRate: learningRate ?? 0,
      policy: SliceUpdate.Policy(
        defersUpdate: mustWait, measuresNorm: options.clipNorm != nil))
    try network?.beginStep(step, buckets: buckets)
  }

  /// Points the gradients of all parameters to the slot of a shard.
  func beginShard(_ entry: ShardPlan.Step) throws {
    shard.begin(entry, isLast: entry.shard == plan.shards(of: position).upperBound - 1)
    nextToPublish = 0
    for (index, bucket) in buckets.buckets.enumerated() {
      progress[index].pending = bucket.segments.count
    }
    let slot = memory.slot(entry.slot, of: memory.region.localRank)
    let additions = self.additions(after: entry, isLast: shard.isLast)
    for (index, parameter) in parameters.enumerated() {
      guard let leaf = parameter.accumulator else { continue }
      products[index]?.beginShard(additions: additions.count)
      leaf.gradient = nil
      leaf.destination = memory.array(
        slot, offset: ranges[index].lowerBound, shape: parameter.shape, elements[index])
    }
  }

  /// Reports the loss of the current shard; before the last bucket is published, so that all may read it.
  ///
  /// - Parameters:
  ///   - loss: The mean over the shard's samples; nil if it has none.
  ///   - weight: The share of these samples among all of the step.
  func report(loss: Double?, weight: Double, stopRequested: Bool) {
    let report = memory.report(step: step, count: reportCount)
    report[shard.entry.shard] = (loss ?? 0) * weight
    ownWeight += weight
    if adasum != nil && shard.isLast {
      let scale = memory.gradientScale(ofRank: memory.region.localRank)
      scale.pointee = ownWeight > 0 ? 1 / ownWeight : 0
    }
    self.stopRequested = self.stopRequested || stopRequested
  }

  /// Looks at the graph of the pass that begins.
  func prepare(_ graph: PassGraph) { shard.expect(graph, &graphs) }

  /// The number of different graphs seen.
  var graphCount: Int { graphs.graphCount }

  /// A gradient has arrived at a parameter.
  private func parameterReady(_ index: Int) throws {
    guard state == .collecting else { return }
    if shard.isSettled[index] && buckets.bucketOfParameter[index] < nextToPublish {
      throw ParallelError(
        "parameter '\(names[index])' got a gradient after its bucket was reduced: a hook or custom "
          + "operator ran other backward passes than in an earlier step with an equal graph; make "
          + "the difference visible in the graph, or take its gradients outside DataParallel")
    }
    progress[buckets.bucketOfParameter[index]].header.touch(buckets.placeOfParameter[index])
    if shard.arrive(index) { try settle(index) }
    if shard.isLast && network != nil { try advance() }
  }

  /// A parameter's gradient of this shard is complete; one that got none contributes zeros.
  private func settle(_ index: Int) throws {
    if shard.isSettled[index] { return }
    shard.settle(index)
    if shard.arrivals[index] == 0 {
      let slot = memory.slot(shard.entry.slot, of: memory.region.localRank)
      (slot + ranges[index].lowerBound).update(repeating: 0, count: ranges[index].count)
    }
    let bucket = buckets.bucketOfParameter[index]
    progress[bucket].pending -= 1
    if progress[bucket].pending == 0 {
      if shard.isLast { note(.ready, bucket: bucket) }
      try completeShard(shard.entry, isLast: shard.isLast)
    }
  }

  /// Ends a shard: what has not arrived by now never will.
  func endShard() throws {
    shard.end(&graphs)
    if shard.isLast { reportRequests() }
    for index in parameters.indices.reversed() { try settle(index) }
    if shard.isLast { state = .reducing }
  }

  /// Makes all ranks leave the step out because of a parameter that this rank has not used; called before
  /// the end of the shard, when the parameter's bucket cannot have been published.
  func refuse(parameter: Int) {
    progress[buckets.bucketOfParameter[parameter]].header.refuse()
  }

  /// What a rank asks of all others, as bits.
  enum Request {
    static let stop = 1
    static let newLayout = 2
  }

  /// Writes this rank's requests; before its last bucket is published or the host synchronises.
  private func reportRequests() {
    var requests = stopRequested ? Request.stop : 0
    // Optimiser state shared out over hosts and what compression carries on stay with the ranks that
    // have them, which the layout decides.
    let isFixed = network?.gathersParameters ?? false || options.compression != .none
    if group.rank == 0, !isFixed, let order = shard.order, history.observe(order) {
      wantedOrder = order
      requests |= Request.newLayout
    }
    let report = memory.report(step: step, count: reportCount)
    report[plan.shards + memory.region.localRank] = Double(requests)
  }

  /// Plans the buckets of the coming steps by the order in which rank 0's gradients arrived; all ranks
  /// call this between two steps.
  func adoptObservedOrder() throws {
    var order = (wantedOrder ?? []).map(Int64.init)
    if order.isEmpty { order = Array(repeating: 0, count: parameters.count) }
    try order.withUnsafeMutableBytes { try group.broadcast($0, root: 0) }
    wantedOrder = nil
    buckets = BucketPlan(
      ranges: ranges, order: order.map(Int.init), sizes: options.effectiveBucketSizes)
    update.adopt(buckets, network)
    layoutChanged?()
  }

  /// The current layout by name.
  var layout: BucketLayout {
    BucketLayout(buckets: buckets.buckets.map { $0.segments.map { names[$0.parameter] } })
  }

  /// The words of a step's report: a loss for each shard, a stop request for each rank of the host and
  /// for all other hosts.
  var reportCount: Int { plan.shards + memory.region.localSize + 1 }

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
