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
final class GradientReducer {
  let memory: StepRegion
  let buckets: BucketPlan
  let position: Int
  private let group: any ProcessGroup
  private let plan: ShardPlan
  private let options: DataParallel.Options
  private let parameters: [Tensor]
  private let ranges: [Range<Int>]
  private let update: SliceUpdate
  private let hosts: HostExchange
  private let finalSlots: Int

  private var step = 0
  private var entry = ShardPlan.Step(shard: 0, slot: 0, additions: [])
  private var isLastShard = false
  /// Gradients each bucket waits for.
  private var waiting: [Int]
  private var isTouched: [Bool]
  private var launched = 0
  private var published = 0
  private var reduced = 0

  init(
    model: Module, optimizer: OptimizerConfiguration, group: any ProcessGroup, plan: ShardPlan,
    options: DataParallel.Options
  ) throws {
    let layout = model.parameterLayout()
    for item in layout.entries where item.tensor.dtype != .float32 {
      throw ParallelError(
        "parallel.mode sync: parameter '\(item.name)' is \(item.tensor.dtype), only float32 can be "
          + "reduced; convert the model")
    }
    self.group = group
    self.plan = plan
    self.options = options
    parameters = layout.entries.map(\.tensor)
    ranges = layout.entries.map { $0.offset..<$0.offset + $0.tensor.count }
    buckets = BucketPlan(
      ranges: ranges, limit: max(options.bucketBytes / MemoryLayout<Float>.stride, 1))
    let hosts = HostExchange(group: group, plan: plan)
    self.hosts = hosts
    position = hosts.position
    let schedule = plan.schedule(of: position)
    finalSlots = schedule.nodes.count
    let flat = FlatOptimizer(optimizer)
    memory = try StepRegion(
      group: group, elementCount: max(layout.elementCount, 1),
      sharesParameters: options.update == .sharded, stateSlots: flat.stateSlotCount,
      slotsPerRank: plan.slotCount, hostNodes: hosts.nodeCount, pieces: buckets.pieceTotal,
      shards: plan.shards)
    waiting = Array(repeating: 0, count: buckets.buckets.count)
    isTouched = Array(repeating: false, count: parameters.count)
    update = try SliceUpdate(
      model: model, memory: memory, buckets: buckets, optimizer: flat, group: group,
      options: options, leaves: hosts.leaves(in: memory, plan: plan), shards: plan.shards)
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

  /// Epochs of one step: one for each bucket, then host partials, exchange, norms and end.
  private var epochsPerStep: Int { buckets.buckets.count + 4 }
  private func epoch(_ phase: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: step * epochsPerStep + phase)
  }

  // MARK: One step

  func begin(step: Int, learningRate: Double) throws {
    self.step = step
    published = 0
    reduced = 0
    update.begin(step: step + 1, learningRate: learningRate)
  }

  /// Points the gradients of all parameters to the slot of a shard.
  func beginShard(_ entry: ShardPlan.Step) throws {
    self.entry = entry
    isLastShard = entry.shard == plan.shards(of: position).upperBound - 1
    launched = 0
    for (bucket, part) in buckets.buckets.enumerated() { waiting[bucket] = part.parameters.count }
    let slot = memory.slot(entry.slot, of: memory.region.localRank)
    for (index, parameter) in parameters.enumerated() {
      isTouched[index] = false
      guard let leaf = parameter.accumulator else { continue }
      leaf.gradient = nil
      leaf.destination = memory.array(
        slot, offset: ranges[index].lowerBound, shape: parameter.shape)
    }
  }

  private func parameterReady(_ index: Int) throws {
    if isTouched[index] { return }
    isTouched[index] = true
    let bucket = buckets.bucketOfParameter[index]
    waiting[bucket] -= 1
    if waiting[bucket] == 0 { try launchReadyBuckets() }
  }

  /// Parameters this shard did not use contribute zeros.
  func endShard(loss: Double) throws {
    let slot = memory.slot(entry.slot, of: memory.region.localRank)
    for index in parameters.indices where !isTouched[index] {
      (slot + ranges[index].lowerBound).update(repeating: 0, count: ranges[index].count)
      try parameterReady(index)
    }
    try launchReadyBuckets()
    let count = plan.shards + memory.region.localSize
    memory.report(step: step, count: count)[entry.shard] = loss
  }

  private func launchReadyBuckets() throws {
    while launched < waiting.count && waiting[launched] == 0 {
      let range = buckets.buckets[launched].range
      for slot in entry.additions {
        let left = memory.slot(slot - 1, of: memory.region.localRank) + range.lowerBound
        let right = memory.slot(slot, of: memory.region.localRank) + range.lowerBound
        ck_sum_f32(left, left, right, range.count)
      }
      launched += 1
      if isLastShard {
        published = launched
        memory.flags.publish(epoch: epoch(published))
        if !hosts.isNeeded { try reducePublished(waits: false) }
      }
    }
  }

  /// Reduces buckets all ranks of the host have published; waits for them only at the end of the step.
  private func reducePublished(waits: Bool) throws {
    while reduced < published {
      let target = epoch(reduced + 1)
      if waits {
        try memory.flags.waitForAll(epoch: target, "gradient bucket \(reduced) of step \(step)")
      } else {
        let isReady = (0..<memory.region.localSize).allSatisfy {
          memory.flags.isReached($0, epoch: target)
        }
        if !isReady { return }
      }
      update.reduce(bucket: reduced)
      reduced += 1
    }
  }

  /// Reduces what is left, updates, and waits until all ranks of the host have done so.
  func finish(stopRequested: Bool) throws -> DataParallel.Outcome {
    let count = plan.shards + memory.region.localSize
    let report = memory.report(step: step, count: count)
    report[plan.shards + memory.region.localRank] = stopRequested ? 1 : 0
    let base = buckets.buckets.count
    if hosts.isNeeded {
      try memory.flags.waitForAll(epoch: epoch(base), "the gradients of step \(step)")
      update.reduceHostPartials(hosts, plan: plan)
      memory.flags.publish(epoch: epoch(base + 1))
      try memory.flags.waitForAll(epoch: epoch(base + 1), "the host's sums of step \(step)")
      if memory.region.localRank == 0 { try hosts.exchange(memory) }
      memory.flags.publish(epoch: epoch(base + 2))
      try memory.flags.waitForAll(epoch: epoch(base + 2), "the other hosts' sums of step \(step)")
      for bucket in buckets.buckets.indices { update.reduce(bucket: bucket) }
    } else {
      try reducePublished(waits: true)
    }
    var norm: Double?
    if options.clipNorm != nil {
      memory.flags.publish(epoch: epoch(base + 3))
      try memory.flags.waitForAll(epoch: epoch(base + 3), "the gradient's norm of step \(step)")
      norm = update.gradientNorm()
    }
    update.applyDeferred(norm: norm)
    memory.flags.publish(epoch: epoch(base + 4))
    try memory.flags.waitForAll(epoch: epoch(base + 4), "the end of step \(step)")
    update.finishReplicated(parameters, ranges, norm: norm)
    for parameter in parameters {
      parameter.incrementVersion()
      // What this rank's slot holds is a part of the gradient, or has been consumed.
      if options.update == .sharded { parameter.accumulator?.gradient = nil }
    }
    return try outcome(report, norm: norm)
  }

  private func outcome(
    _ report: UnsafeMutablePointer<Double>, norm: Double?
  ) throws -> DataParallel.Outcome {
    var losses = Array(UnsafeBufferPointer(start: report, count: plan.shards))
    var stop: [Int64] = [
      (0..<memory.region.localSize).contains { report[plan.shards + $0] != 0 } ? 1 : 0
    ]
    if hosts.isNeeded {
      // Every shard's loss is known on one host; the others hold what an earlier step left.
      for shard in losses.indices where !plan.shards(of: position).contains(shard) {
        losses[shard] = 0
      }
      try losses.withUnsafeMutableBytes { try group.allReduce($0, .float64, .sum) }
      try stop.withUnsafeMutableBytes { try group.allReduce($0, .int64, .max) }
    }
    return DataParallel.Outcome(
      loss: losses.reduce(0, +), gradientNorm: norm, shouldStop: stop[0] != 0)
  }

  /// Tells the other ranks of the host that this one cannot go on.
  func fail(_ error: any Error) { memory.flags.fail(error) }
}
