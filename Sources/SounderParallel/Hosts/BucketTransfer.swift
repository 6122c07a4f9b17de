import SounderComm

/// One bucket on its way through a lane: what this rank sends and receives, and where it lies.
///
/// Hosts first *contribute*: each sends its sums of a part to the part's owner. The owner adds all hosts'
/// up and *gathers*: it sends the outcome to the other hosts. Between two hosts, and for small buckets,
/// everybody contributes the whole slice to everybody instead, at the price of the same bytes (or few) and
/// half the latency; nothing is left to gather.
final class BucketTransfer {
  enum Stage: Int {
    case waiting, contributing, summed, gathering, complete
  }

  /// What it takes to plan a bucket's messages.
  struct Layout {
    let lane: Lane
    /// The tree nodes of every host.
    let nodes: [[Range<Int>]]
    let format: (any WireFormat)?
    /// Whether the outcome of a part is made by its owner alone.
    let isOwnedAlone: Bool

    /// The sums a host contributes: its tree nodes', or a single one in a format that loses bits anyway.
    func sums(of host: Int) -> Int { format == nil ? nodes[host].count : 1 }

    /// Whether a slice of so many bytes goes to all hosts whole.
    func sendsWhole(_ sliceBytes: Int) -> Bool {
      !isOwnedAlone && (lane.hostCount == 2 || sliceBytes <= BucketTransfer.wholeBytes)
    }

    /// The bytes of one sum of `count` values.
    func byteCount(_ count: Int) -> Int {
      format?.byteCount(of: count) ?? count * MemoryLayout<Float>.stride
    }
  }

  /// Up to this size a slice goes to all hosts whole.
  static let wholeBytes = 16 << 10

  let headerOffset: Int
  /// What this rank sums up.
  let owned: PackedSegments
  /// What the lane's rank on each host sums up.
  let parts: [PackedSegments]
  /// Whether every host sums up the whole slice.
  let isWhole: Bool
  private let words: Int
  /// The contributions to every host, one for all if they get the same; nil for this one.
  let sent: [MessageBuffer?]
  /// The contributions of every host.
  let received: [MessageBuffer?]
  /// The outcome of this rank's part, and of those of the other hosts.
  let outcomes: [MessageBuffer?]

  var stage = Stage.waiting
  var header: BucketHeader
  /// Transfers this stage waits for, and those that only have to end before the step does.
  var awaited: [any Transfer] = []
  var sends: [any Transfer] = []
  /// Receives of contributions, posted before the bucket is ready here.
  var early: [any Transfer] = []

  init(_ bucket: BucketPlan.Bucket, _ layout: Layout) {
    let lane = layout.lane
    let slice = PackedSegments(lane.slice(of: bucket))
    let whole = layout.sendsWhole(slice.count * MemoryLayout<Float>.stride)
    let split = (0..<lane.hostCount).map {
      whole ? slice : PackedSegments(lane.part(of: bucket, on: $0))
    }
    isWhole = whole
    parts = split
    owned = split[lane.host]
    headerOffset = bucket.headerOffset
    let words = BucketHeader.wordCount(parameters: bucket.segments.count)
    self.words = words
    header = BucketHeader(parameters: bucket.segments.count)
    let others = lane.index == nil ? [] : lane.otherHosts
    var sent = [MessageBuffer?](repeating: nil, count: split.count)
    var received = sent
    for host in others {
      sent[host] =
        (whole ? sent.compactMap { $0 }.first : nil)
        ?? MessageBuffer(
          words: words,
          payloadBytes: layout.sums(of: lane.host) * layout.byteCount(split[host].count))
      received[host] = MessageBuffer(
        words: words, payloadBytes: layout.sums(of: host) * layout.byteCount(owned.count))
    }
    self.sent = sent
    self.received = received
    outcomes = split.map { part in
      guard !whole, lane.index != nil, part.count > 0 else { return nil }
      return MessageBuffer(
        words: 0,
        payloadBytes: layout.isOwnedAlone
          ? part.count * MemoryLayout<Float>.stride : layout.byteCount(part.count))
    }
  }

  /// Joins the headers of all hosts' contributions.
  func joinHeaders() {
    for message in received {
      if let message { header.formUnion(message.words) }
    }
  }

  /// Makes ready for the next step.
  func reset() {
    stage = .waiting
    header = BucketHeader(words: Array(repeating: 0, count: words))
  }

  /// Whether the transfers of this stage are complete; forgets those that are.
  func hasArrived() throws -> Bool {
    while let last = awaited.last, try last.isComplete() { awaited.removeLast() }
    return awaited.isEmpty
  }

  /// Whether all that was sent has left, so that its memory may be written again.
  func hasLeft() throws -> Bool {
    while let last = sends.last, try last.isComplete() { sends.removeLast() }
    return sends.isEmpty
  }

  func abandon() {
    for transfer in awaited + sends + early { transfer.abandon() }
  }
}
