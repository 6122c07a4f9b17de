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
      shards: options.virtualShards ?? topology.size, ranks: topology.size)
    let vector = max(model.parameterLayout().elementCount, 1) * MemoryLayout<Float>.stride
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
