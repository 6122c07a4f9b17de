import CKernels
import Foundation
import SounderComm

/// The way of sums between hosts: lanes of ranks that exchange their slice of every bucket, without
/// waiting while the backward pass runs.
///
/// Every host moves 2 (P − 1) / P times the bytes of a bucket over the network for P hosts that are one
/// node of the reduction tree each, which is the least possible. The owner of a part adds the hosts' sums up
/// along the tree, so the bits are those of one host.
///
/// `LaneExchange.swift` takes buckets through a step, `LaneExchange+Gathering.swift` hands outcomes back to
/// the hosts, `LaneExchange+Norms.swift` completes what gradients are clipped by.
final class LaneExchange: NetworkLeg {
  let hostSums: [HostSum]
  let results: [TreeSum.Leaf]
  let lane: Lane
  private let group: any ProcessGroup
  let channel: any TransferChannel
  private let deadline: HostDeadline
  private let tree: HostTree
  let memory: StepRegion
  let layout: BucketTransfer.Layout
  let sums: LaneSums
  private(set) var buckets: BucketPlan?
  private(set) var transfers: [BucketTransfer] = []
  /// Buckets that have begun, and those at the front that are complete.
  private var begun = 0
  private var completed = 0
  private var epoch: UInt32 = 0
  private var report: HostReport?
  private var polls = 0
  private(set) var sentBytes = 0

  /// The channel's tags: bucket b uses 2 b and 2 b + 1 above these.
  private static let reportTag = 0
  static let normTag = 1
  private static let firstTag = 2

  init(_ setting: NetworkSetting, format: (any WireFormat)? = nil) throws {
    let (group, tree, memory) = (setting.group, setting.tree, setting.memory)
    let (plan, gathersParameters) = (setting.plan, setting.gathersParameters)
    self.group = group
    self.tree = tree
    self.memory = memory
    self.gathersParameters = gathersParameters
    lane = Lane(topology: group.topology)
    channel = try group.makeTransferChannel()
    deadline = HostDeadline(
      group: group, channel: channel, timeout: memory.flags.membership.timeout)
    layout = BucketTransfer.Layout(
      lane: lane, nodes: tree.nodes, format: format, isOwnedAlone: gathersParameters)
    hostSums = tree.nodes[tree.host].enumerated().map {
      HostSum(node: $1, sum: memory.hostPartial($0))
    }
    sums = LaneSums(
      host: tree.host, hostSums: hostSums, layout: layout, shards: plan.shards,
      elements: setting.elements)
    results = [TreeSum.Leaf(node: 0..<plan.shards, base: UnsafePointer(memory.hostPartial(0)))]
    if lane.index == 0 {
      report = HostReport(lane: lane, channel: channel, tag: Self.reportTag, tree: tree, plan: plan)
    }
  }

  deinit { abandon() }

  // MARK: What this rank updates

  /// Whether the owner of a part updates it, and what is gathered are the new parameters.
  let gathersParameters: Bool
  let sendsEveryHeader = true

  func slice(of bucket: BucketPlan.Bucket) -> [BucketPlan.Segment] {
    gathersParameters ? lane.part(of: bucket, on: lane.host) : lane.slice(of: bucket)
  }

  func contribution(to bucket: BucketPlan.Bucket) -> [BucketPlan.Segment] { lane.slice(of: bucket) }

  // MARK: A step

  func beginStep(_ step: Int, buckets: BucketPlan) throws {
    if self.buckets != buckets {
      self.buckets = buckets
      transfers = buckets.buckets.map { BucketTransfer($0, layout) }
    }
    begun = 0
    completed = 0
    for (index, transfer) in transfers.enumerated() {
      transfer.reset()
      transfer.early = try lane.otherHosts.compactMap { host in
        try transfer.received[host].map {
          try channel.receive($0.bytes, from: lane.ranks[host], tag: tag(index, 0))
        }
      }
    }
    try report?.beginStep(step)
  }

  func tag(_ bucket: Int, _ stage: Int) -> Int { Self.firstTag + 2 * bucket + stage }

  func begin(bucket: Int, header: BucketHeader) throws {
    let transfer = transfers[bucket]
    transfer.header = header
    begun = bucket + 1
    guard lane.index != nil else { return }
    transfer.stage = .contributing
    transfer.awaited = transfer.early
    transfer.early = []
    var isWritten = false
    for host in lane.otherHosts {
      guard let message = transfer.sent[host] else { continue }
      if !isWritten || !transfer.isWhole {
        header.write(to: message.words)
        sums.write(transfer.parts[host], into: message)
        isWritten = true
      }
      try send(message, of: transfer, to: host, tag(bucket, 0))
    }
    try progress()
  }

  func send(
    _ message: MessageBuffer, of transfer: BucketTransfer, to host: Int, _ tag: Int
  ) throws {
    transfer.sends.append(
      try channel.send(UnsafeRawBufferPointer(message.bytes), to: lane.ranks[host], tag: tag))
    sentBytes += message.bytes.count
  }

  func begin(report values: UnsafeMutablePointer<Double>) throws { try report?.begin(values) }

  var isBusy: Bool { lane.index != nil && completed < begun }

  func progress() throws {
    guard lane.index != nil else { return }
    try moveTransfers()
    polls += 1
    if polls % 16 == 0 { try channel.checkFailure() }
  }

  func moveTransfers() throws {
    guard lane.index != nil else { return }
    for index in completed..<max(begun, completed) { try advance(index) }
    while completed < begun && isDone(transfers[completed]) { try complete(completed) }
  }

  private func isDone(_ transfer: BucketTransfer) -> Bool {
    transfer.stage == .complete || gathersParameters && transfer.stage == .summed
  }

  private func advance(_ index: Int) throws {
    let transfer = transfers[index]
    if transfer.stage == .contributing, try transfer.hasArrived() {
      transfer.joinHeaders()
      sums.sum(transfer)
      transfer.stage = .summed
      if transfer.isWhole {
        transfer.stage = .complete
      } else if !gathersParameters {
        try gather(index)
      }
    }
    if transfer.stage == .gathering, try transfer.hasArrived() {
      takeOutcomes(of: transfer)
      transfer.stage = .complete
    }
  }

  /// Lets ranks without lane know of buckets whose outcome is here.
  private func complete(_ index: Int) throws {
    completed = index + 1
    guard lane.index == 0 && memory.region.localSize > lane.count else { return }
    let transfer = transfers[index]
    transfer.header.write(to: memory.networkHeaders + transfer.headerOffset)
    epoch &+= 1
    memory.flags.publish(channel: StepRegion.networkChannel, epoch: epoch)
  }

  func isComplete(bucket: Int) throws -> Bool {
    guard lane.index == nil else { return bucket < completed }
    return memory.flags.isReached(
      0, channel: StepRegion.networkChannel, epoch: epoch &+ UInt32(bucket + 1))
  }

  func finish(bucket: Int) throws -> BucketHeader {
    let transfer = transfers[bucket]
    try wait("gradient bucket \(bucket) over hosts") { try isComplete(bucket: bucket) }
    if lane.index == nil {
      transfer.header.formUnion(memory.networkHeaders + transfer.headerOffset)
    }
    return transfer.header
  }

  func endStep(isRefused: Bool) throws {
    try wait("the end of a step over hosts") {
      var isOver = try report?.hasArrived() ?? true
      for (index, transfer) in transfers.enumerated() {
        if transfer.stage == .gathering { try advance(index) }
        if transfer.stage == .gathering { isOver = false }
        if try !transfer.hasLeft() { isOver = false }
      }
      return isOver
    }
    layout.format?.endStep(isRefused: isRefused)
    if lane.index == nil { epoch &+= UInt32(transfers.count) }
  }

  var compressionState: CompressionState {
    get { layout.format?.state ?? CompressionState() }
    set { layout.format?.state = newValue }
  }

  // MARK: Waiting

  func wait(_ phase: @autoclosure () -> String, until isDone: () throws -> Bool) throws {
    try deadline.wait(phase(), missing: missing, progress: progress, until: isDone)
  }

  private func missing() -> [Int] {
    guard lane.index != nil else { return [group.topology.localRanks[0]] }
    let open = transfers.flatMap { $0.awaited + $0.sends }
    return Set(open.map(\.peer) + (report?.peers ?? [])).sorted()
  }

  /// Gives up all transfers, so that their memory may go.
  private func abandon() {
    for transfer in transfers { transfer.abandon() }
    report?.abandon()
  }
}
