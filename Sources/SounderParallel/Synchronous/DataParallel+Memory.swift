import SounderComm
import SounderNN

extension DataParallel {
  /// What the ranks of one host share, in bytes.
  public struct SharedMemory: Sendable, Hashable {
    /// The parameters, unless every rank has its own.
    public let parameters: Int
    /// The optimiser's state, unless every rank has its own.
    public let optimizerState: Int
    /// The gradients of this host's ranks: one slot for each partial sum of virtual shards.
    public let gradients: Int
    /// Reduced gradients, partial sums of other hosts, flags and norms.
    public let exchange: Int

    /// All of it.
    public var byteCount: Int { parameters + optimizerState + gradients + exchange }
  }

  /// The bytes that the ranks of this host share.
  public var sharedByteCount: Int { reducer.memory.region.mappedByteCount }

  /// What the ranks of a host would share for steps of a model, without making any of it.
  ///
  /// - Parameter topology: the view of a rank of that host.
  /// - Throws: ``ParallelError`` for a job that cannot be cut like that.
  public static func sharedMemory(
    model: Module, optimizer: OptimizerConfiguration, topology: Topology,
    options: Options = Options()
  ) throws -> SharedMemory {
    let total = try plannedRegionBytes {
      _ = try DataParallel(
        model: model, optimizer: optimizer, group: PlannedGroup(topology), options: options)
    }
    let plan = try ShardPlan(
      shards: options.shardCount(ranks: topology.size), ranks: topology.size)
    let vector = max(try WordLayout(model).wordCount, 1) * MemoryLayout<Float>.stride
    let isSharded = options.update == .sharded
    let parameters = isSharded ? vector : 0
    let gradients = topology.localSize * plan.slotCount * vector
    let isStateShared = isSharded && (options.shardState == .host || topology.hostCount == 1)
    let state = isStateShared ? optimizer.stateSlotCount * vector : 0
    return SharedMemory(
      parameters: parameters, optimizerState: state, gradients: gradients,
      exchange: total - parameters - state - gradients)
  }
}

extension DataParallel {
  /// What a rank takes for itself on several hosts, in bytes.
  public struct NetworkMemory: Sendable, Hashable {
    /// Messages that are sent and received.
    public var messages = 0
    /// Optimiser state that no other host keeps.
    public var optimizerState = 0
    /// What compression keeps for later steps, and of this step until its end.
    public var compression = 0
    /// What compression takes on the first rank of each host alone.
    public var firstRankCompression = 0
  }

  /// What a rank would take for itself on several hosts; nothing is made.
  ///
  /// - Parameter topology: the view of the rank.
  /// - Throws: ``ParallelError`` for a job that cannot be cut like that.
  public static func networkMemory(
    model: Module, optimizer: OptimizerConfiguration, topology: Topology,
    options: Options = Options()
  ) throws -> NetworkMemory {
    var memory = NetworkMemory()
    guard topology.hostCount > 1 else { return memory }
    let stride = MemoryLayout<Float>.stride
    let parameters = try WordLayout(model)
    if case .powerSGD(let method) = options.compression {
      memory.firstRankCompression =
        PowerSGD(method).heldElements(
          shapes: parameters.entries.map(\.tensor.shape), hosts: topology.hostCount) * stride
      return memory
    }
    let plan = try ShardPlan(
      shards: options.shardCount(ranks: topology.size), ranks: topology.size)
    let ranges = parameters.entries.map(\.range)
    let lane = Lane(topology: topology)
    let sharesState = options.shardState == .all
    let format = options.compression.format(elementCount: 0)
    let layout = BucketTransfer.Layout(
      lane: lane, nodes: HostTree(topology: topology, plan: plan).nodes, format: format,
      isOwnedAlone: sharesState)
    let buckets = BucketPlan(
      ranges: ranges, order: ranges.indices.reversed(),
      sizes: options.effectiveBucketSizes
    ).buckets
    func elements(_ segments: (BucketPlan.Bucket) -> [BucketPlan.Segment]) -> Int {
      buckets.reduce(0) { sum, bucket in
        segments(bucket).reduce(sum) { $0 + $1.range.count }
      }
    }
    memory.messages = buckets.reduce(0) { $0 + BucketTransfer.messageBytes($1, layout) }
    if sharesState {
      let owned = elements { lane.part(of: $0, on: lane.host) }
      memory.optimizerState = optimizer.stateSlotCount * owned * stride
    }
    if format != nil {
      // The contributions of all hosts to the largest bucket, decoded side by side.
      let largest = buckets.map { $0.elementCount / lane.count }.max() ?? 0
      memory.compression = largest * topology.hostCount * stride
    }
    if format?.residuals != nil {
      // What is left of contributions and of sums, and what this step has left out of the rank's slices.
      let noted = elements(lane.slice(of:))
      memory.compression += (Residuals.arrays * parameters.wordCount + noted) * stride
    }
    return memory
  }
}

extension BucketTransfer {
  /// The bytes of the messages that this rank sends and receives for a bucket.
  static func messageBytes(_ bucket: BucketPlan.Bucket, _ layout: Layout) -> Int {
    let lane = layout.lane
    guard lane.index != nil else { return 0 }
    func bytes(_ segments: [BucketPlan.Segment]) -> Int {
      layout.byteCount(segments.reduce(0) { $0 + $1.range.count })
    }
    let slice = bytes(lane.slice(of: bucket))
    let elements = lane.slice(of: bucket).reduce(0) { $0 + $1.range.count }
    let isWhole = layout.sendsWhole(elements * MemoryLayout<Float>.stride)
    let owned = isWhole ? slice : bytes(lane.part(of: bucket, on: lane.host))
    let received = lane.otherHosts.reduce(0) { $0 + layout.sums(of: $1) * owned }
    let own = layout.sums(of: lane.host)
    if isWhole { return own * slice + received }
    // Parameters, which owners send when they alone update them, are not coded.
    let outcomes = layout.isOwnedAlone ? elements * MemoryLayout<Float>.stride : slice
    return own * (slice - owned) + received + outcomes
  }
}

extension Hogwild {
  /// The bytes that the ranks of this host share.
  public var sharedByteCount: Int { arena.region.mappedByteCount }

  /// The bytes the ranks of a host would share, without making any of it.
  ///
  /// - Throws: ``ParallelError`` as the initialiser does.
  public static func sharedByteCount(
    optimizer: OptimizerConfiguration, topology: Topology, options: Options = Options(),
    makeModel: () throws -> Module
  ) throws -> Int {
    try plannedRegionBytes {
      _ = try Hogwild(
        group: PlannedGroup(topology), optimizer: optimizer, options: options, makeModel: makeModel)
    }
  }
}

/// The size of the first shared region that `prepare` asks a ``PlannedGroup`` for.
private func plannedRegionBytes(_ prepare: () throws -> Void) throws -> Int {
  do { try prepare() } catch let wanted as PlannedGroup.RegionWanted { return wanted.byteCount }
  return 0
}
