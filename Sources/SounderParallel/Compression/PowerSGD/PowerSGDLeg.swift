import CKernels
import SounderArray
import SounderComm

/// The way to other hosts by ``PowerSGD``.
///
/// The first rank of a host approximates for all of its ranks, because a matrix is approximated as a
/// whole: when all have written their slices of a bucket, it sums the bucket over hosts and leaves the sum
/// in memory that the ranks of the host share. Hosts may have different numbers of ranks.
final class PowerSGDLeg: NetworkLeg {
  let hostSums: [HostSum]
  let results: [TreeSum.Leaf]
  private let memory: StepRegion
  private let shapes: [Shape]
  private let party: VectorSum.Party
  private let deadline: HostDeadline
  private let report: HostReport?
  private var method: PowerSGD
  /// What this host has not sent yet, in the order of the layout; only its first rank has any.
  private var residual: [Float]
  /// Bytes of gradients sent to other hosts since the start.
  private(set) var sentBytes = 0

  private var step = 0
  private var buckets: [BucketPlan.Bucket] = []
  private var begun: [BucketHeader] = []
  private var started: [Job] = []
  /// Buckets whose sums the ranks of the host may read; they finish in order.
  private var finished = 0
  private var epochBase: UInt32 = 0

  /// A bucket on its way.
  private struct Job {
    let reduction: PowerSGDReduction
    let header: HeaderExchange

    func isComplete() throws -> Bool {
      // Both move on at every look.
      let hasHeader = try header.isComplete()
      return try reduction.isComplete() && hasHeader
    }
  }

  private static let reportTag = 0
  /// A bucket has four tags for sums and one for its header.
  private static func tag(_ bucket: Int) -> Int { 1 + 5 * bucket }

  private var isFirst: Bool { memory.region.localRank == 0 }

  init(
    _ setting: NetworkSetting, shapes: [Shape], options: PowerSGD.Options
  ) throws {
    let (group, tree, memory) = (setting.group, setting.tree, setting.memory)
    self.memory = memory
    self.shapes = shapes
    let topology = group.topology
    let channel = try group.makeTransferChannel()
    party = VectorSum.Party(
      channel: channel, ranks: (0..<topology.hostCount).map { topology.ranks(onHost: $0)[0] },
      host: tree.host)
    deadline = HostDeadline(
      group: group, channel: channel, timeout: memory.flags.membership.timeout)
    hostSums = tree.nodes[tree.host].enumerated().map {
      HostSum(node: $1, sum: memory.hostPartial($0))
    }
    results = [
      TreeSum.Leaf(node: 0..<setting.plan.shards, base: UnsafePointer(memory.hostPartial(0)))
    ]
    method = PowerSGD(options)
    let isFirst = memory.region.localRank == 0
    residual = Array(repeating: 0, count: isFirst ? memory.elementCount : 0)
    report =
      isFirst
      ? HostReport(
        lane: Lane(topology: topology), channel: channel, tag: Self.reportTag, tree: tree,
        plan: setting.plan) : nil
  }

  deinit { report?.abandon() }

  // MARK: What this rank updates

  let gathersParameters = false
  let sendsEveryHeader = false

  func slice(of bucket: BucketPlan.Bucket) -> [BucketPlan.Segment] {
    bucket.slice(memory.region.localRank, of: memory.region.localSize)
  }

  func contribution(to bucket: BucketPlan.Bucket) -> [BucketPlan.Segment] { slice(of: bucket) }

  func join(norms: UnsafeMutablePointer<Double>, of pieces: PieceNumbers) {}

  func didUpdate(bucket: Int) {}

  // MARK: The life of a bucket

  func beginStep(_ step: Int, buckets: BucketPlan) throws {
    self.step = step
    self.buckets = buckets.buckets
    begun = []
    started = []
    finished = 0
    try report?.beginStep(step)
  }

  private func epoch(_ bucket: Int) -> UInt32 { epochBase &+ UInt32(bucket + 1) }

  private func isReached(_ localRank: Int, _ bucket: Int) -> Bool {
    memory.flags.isReached(localRank, channel: StepRegion.networkChannel, epoch: epoch(bucket))
  }

  private func publish(_ bucket: Int) {
    memory.flags.publish(channel: StepRegion.networkChannel, epoch: epoch(bucket))
  }

  func begin(bucket: Int, header: BucketHeader) throws {
    begun.append(header)
    // The first rank says on the same channel that a bucket is finished.
    if isFirst { try progress() } else { publish(bucket) }
  }

  func begin(report values: UnsafeMutablePointer<Double>) throws { try report?.begin(values) }

  var isBusy: Bool { isFirst && finished < begun.count }

  func progress() throws { try moveTransfers() }

  func moveTransfers() throws {
    guard isFirst else { return }
    while started.count < begun.count && isWrittenByAll(started.count) {
      started.append(try start(started.count))
    }
    let open = started[finished...]
    for job in open.dropFirst() { _ = try job.isComplete() }
    while finished < started.count, try started[finished].isComplete() { share(finished) }
  }

  private func isWrittenByAll(_ bucket: Int) -> Bool {
    (1..<memory.region.localSize).allSatisfy { isReached($0, bucket) }
  }

  func isComplete(bucket: Int) -> Bool { isFirst ? finished > bucket : isReached(0, bucket) }

  func finish(bucket: Int) throws -> BucketHeader {
    try wait("the sum of gradient bucket \(bucket) over hosts") { isComplete(bucket: bucket) }
    var header = begun[bucket]
    header.formUnion(memory.networkHeaders + buckets[bucket].headerOffset)
    return header
  }

  func endStep(isRefused: Bool) throws {
    try wait("the end of step \(step) on other hosts") { try report?.hasArrived() ?? true }
    for (bucket, job) in zip(buckets, started) {
      sentBytes += job.reduction.sentBytes
      if !isRefused { keep(bucket, job.reduction) }
    }
    started = []
    epochBase &+= UInt32(buckets.count)
  }

  private func wait(_ phase: String, until isDone: () throws -> Bool) throws {
    try deadline.wait(phase, missing: missing, progress: progress, until: isDone)
  }

  private func missing() throws -> [Int] {
    guard isFirst else { return [party.ranks[party.host]] }
    if started.count < begun.count {
      let bucket = started.count
      return (1..<memory.region.localSize).filter { !isReached($0, bucket) }
        .map { memory.region.membership.ranks[$0] }
    }
    let jobs = try started.flatMap { try $0.reduction.missing() + $0.header.missing() }
    return Set(jobs + (report?.peers ?? [])).sorted()
  }

  // MARK: Sums

  private func start(_ bucket: Int) throws -> Job {
    let isCompressed = step >= method.options.startStep
    var offset = 0
    let items = buckets[bucket].segments.map { segment in
      defer { offset += segment.range.count }
      let matrix = method.matrix(segment.parameter, shapes[segment.parameter])
      // Nothing of a table with sparse gradients is reduced here.
      let isMatrix = isCompressed && matrix?.count == segment.range.count
      return PowerSGDReduction.Item(
        offset: offset, count: segment.range.count, matrix: isMatrix ? matrix : nil)
    }
    let tag = Self.tag(bucket)
    return Job(
      reduction: try PowerSGDReduction(party, method, items, pack(bucket), tag: tag),
      header: try HeaderExchange(party, begun[bucket].words, tag: tag + 4))
  }

  /// The host's gradient and what is left of earlier steps, parameter after parameter.
  private func pack(_ bucket: Int) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(buckets[bucket].elementCount)
    for segment in buckets[bucket].segments { values += residual[segment.range] }
    values.withUnsafeMutableBufferPointer { buffer in
      guard var target = buffer.baseAddress else { return }
      for segment in buckets[bucket].segments {
        for part in hostSums {
          ck_sum_f32(target, target, part.sum + segment.range.lowerBound, segment.range.count)
        }
        target += segment.range.count
      }
    }
    return values
  }

  /// Leaves a sum where all ranks of the host find it.
  private func share(_ bucket: Int) {
    let sum = memory.hostPartial(0)
    var next = 0
    for segment in buckets[bucket].segments {
      started[bucket].reduction.values.withUnsafeBufferPointer { values in
        guard let source = values.baseAddress else { return }
        (sum + segment.range.lowerBound).update(from: source + next, count: segment.range.count)
      }
      next += segment.range.count
    }
    BucketHeader(words: started[bucket].header.words)
      .write(to: memory.networkHeaders + buckets[bucket].headerOffset)
    finished = bucket + 1
    publish(bucket)
  }

  // MARK: State

  private func keep(_ bucket: BucketPlan.Bucket, _ reduction: PowerSGDReduction) {
    for (matrix, basis) in reduction.bases { method.keep(matrix, basis, step: step) }
    var next = 0
    for segment in bucket.segments {
      residual.replaceSubrange(
        segment.range, with: reduction.residual[next..<next + segment.range.count])
      next += segment.range.count
    }
  }

  /// Empty but on the first rank of a host.
  var compressionState: CompressionState {
    get {
      var state = CompressionState()
      if isFirst { (state.contributions, state.bases) = (residual, method.bases) }
      return state
    }
    set {
      guard isFirst else { return }
      residual = newValue.contributions
      method.bases = newValue.bases
    }
  }
}
