import SounderArray
import SounderComm
import SounderNN

/// Measures the summing of gradients over ranks together with Adam's update of the parameters.
///
/// Sharded: every rank sums its slice in shared memory, a block at a time, and updates the shared
/// parameters with it. Replicated: `MPI_Allreduce` in place, then every rank updates all of its own
/// parameters. Gradients are rewritten before each call, as in training; that time is subtracted.
public struct UpdateBenchmark {
  /// One measurement, the same on all ranks.
  public struct Record: Sendable, Hashable, Codable {
    /// `sharded` or `mpi`.
    public let backend: String
    /// The number of ranks.
    public let ranks: Int
    /// The number of parameters.
    public let elements: Int
    /// Seconds a call, of the slowest rank.
    public let seconds: Double
  }

  private let group: any ProcessGroup
  private let clock: RewritingClock
  private let optimizer = FlatOptimizer(.adam(learningRate: 1e-3))

  /// A benchmark of ranks on one host; all make it with the same arguments.
  public init(group: any ProcessGroup, repetitions: Int = 7) {
    self.group = group
    clock = RewritingClock(group: group, repetitions: repetitions)
  }

  /// Measures all ways this group offers; a collective over all ranks.
  ///
  /// - Throws: ``CommunicationError``; ``ParallelError`` when the ranks are on several hosts.
  public func run(elements: Int) throws -> [Record] {
    guard group.topology.hostCount == 1 else {
      throw ParallelError("bench update: the ranks must share a host's memory")
    }
    return try withSharded(elements) { sharded in
      var ways = [("sharded", sharded)]
      if let sum = group.sumByMPI { ways.append(("mpi", replicated(elements, sum))) }
      return zip(ways, try clock.seconds(of: ways.map(\.1))).map {
        Record(backend: $0.0, ranks: group.size, elements: elements, seconds: $1)
      }
    }
  }

  /// The way of the synchronous mode: what ``SliceUpdate`` does with a bucket.
  private func withSharded<Result>(
    _ count: Int, _ body: (RewritingClock.Call) throws -> Result
  ) throws -> Result {
    let region = try StepRegion(
      group: group,
      StepRegion.Extent(
        elementCount: count, parameters: 1, sharesParameters: true,
        stateSlots: optimizer.stateSlotCount, slotsPerRank: 1, hostNodes: 0,
        pieces: PieceNumbers(ranges: [0..<count]).total, shards: group.size))
    let plan = try ShardPlan(shards: group.size, ranks: group.size)
    let leaves = HostTree(topology: group.topology, plan: plan).localLeaves(in: region, plan: plan)
    let sum = TreeSum(leaves: leaves, root: 0..<group.size)
    defer { sum.deallocate() }
    let buckets = BucketPlan(ranges: [0..<count], groups: [[0]])
    let slice = buckets.buckets[0].slice(group.rank, of: group.size)
    let state = (0..<optimizer.stateSlotCount).map { UnsafeMutableRawPointer(region.state($0)) }
    var epoch: UInt32 = 0
    let call = RewritingClock.Call(count: count, gradient: region.slot(0, of: group.rank)) {
      [optimizer] in
      epoch &+= 1
      region.flags.publish(epoch: epoch)
      try region.flags.waitForAll(epoch: epoch, "the gradients")
      for segment in slice {
        for begin in stride(
          from: segment.range.lowerBound, to: segment.range.upperBound, by: TreeSum.blockCount)
        {
          let block = begin..<min(begin + TreeSum.blockCount, segment.range.upperBound)
          optimizer.update(
            block, parameters: region.parameters, gradients: sum.block(block) - begin,
            state: state, step: Int(epoch), learningRate: 1e-3)
        }
      }
      epoch &+= 1
      region.flags.publish(epoch: epoch)
      try region.flags.waitForAll(epoch: epoch, "the updates")
    }
    return try body(call)
  }

  private func replicated(
    _ count: Int, _ sum: @escaping (UnsafeMutableRawBufferPointer) throws -> Void
  ) -> RewritingClock.Call {
    let arrays = (0..<2 + optimizer.stateSlotCount).map { _ in Kernels.zeros([count], .float32) }
    let gradient = arrays[1].pointer
    var step = 0
    return RewritingClock.Call(
      count: count, gradient: gradient.assumingMemoryBound(to: Float.self)
    ) { [optimizer] in
      step += 1
      try sum(UnsafeMutableRawBufferPointer(start: gradient, count: count * 4))
      optimizer.update(
        0..<count, parameters: arrays[0].pointer, gradients: gradient,
        state: arrays[2...].map(\.pointer), step: step, learningRate: 1e-3)
    }
  }
}
