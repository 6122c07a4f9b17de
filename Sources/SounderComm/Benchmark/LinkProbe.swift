import CKernels
import Foundation
import SounderArray

/// Measures the network between the hosts of a job: a message to and fro for the latency, many bytes both ways for
/// the bandwidth and for the time that a core works on them.
///
/// The first ranks of the hosts work in pairs of neighbours, all pairs at once; what the slowest pair takes counts. The
/// messages are those of the job's own channel between ranks.
public struct LinkProbe {
  /// What the slowest pair of hosts was found to do.
  public struct Outcome: Sendable, Hashable {
    /// Bytes a second that a host sends while it receives as many.
    public let bandwidth: Double
    /// Seconds a message of a few bytes is on its way.
    public let latency: Double
    /// Seconds of a core to send or to receive a byte.
    public let coreSecondsPerByte: Double
  }

  private let group: any ProcessGroup

  private static let exchanges = 30
  private static let smallBytes = 8
  private static let leastBulk = 1 << 20
  /// Bulk transfers are long enough when they take this long, and many times the latency.
  private static let enoughSeconds = 0.2
  private static let enoughLatencies = 20.0
  private static let trials = 3
  /// About a gradient, so that what a core works on comes from where gradients come from.
  private static let workBytes = 8 << 20

  private let timeout: Duration
  private let mostBulk: Int

  /// A probe; every rank makes one.
  ///
  /// - Parameters:
  ///   - timeout: how long a message may take.
  ///   - bulkBytes: the most bytes that are sent at once.
  public init(
    group: any ProcessGroup, timeout: Duration = .seconds(60), bulkBytes: Int = 64 << 20
  ) {
    self.group = group
    self.timeout = timeout
    mostBulk = bulkBytes
  }

  /// Measures; every rank calls this and gets the same result.
  ///
  /// Takes about two seconds.
  /// - Throws: ``CommunicationError``, of the kind `launch` if all ranks are on one host.
  public func run() throws -> Outcome {
    let topology = group.topology
    guard topology.hostCount > 1 else {
      throw CommunicationError(
        .launch,
        "the network between hosts cannot be measured: all \(group.size) ranks are on the host "
          + "\(topology.hostName); start ranks on two hosts, such as with mpirun --host a,b")
    }
    let channel = try group.makeTransferChannel()
    var slowest = [0.0, 0.0, 0.0]
    // With an odd number of hosts the last one has its turn with the first.
    for round in 0..<(topology.hostCount % 2 == 0 ? 1 : 2) {
      try group.barrier()
      guard let other = peer(topology, round: round) else { continue }
      let pair = LinkPair(channel: channel, group: group, other: other, timeout: timeout)
      slowest = zip(slowest, try measure(pair)).map { max($0, $1) }
    }
    try slowest.withUnsafeMutableBytes { try group.allReduce($0, .float64, .max) }
    return Outcome(
      bandwidth: 1 / max(slowest[1], 1e-15), latency: slowest[0], coreSecondsPerByte: slowest[2])
  }

  /// The rank that this one exchanges messages with; nil for one that only waits.
  private func peer(_ topology: Topology, round: Int) -> Int? {
    guard topology.localRank == 0 else { return nil }
    let host = topology.hosts[topology.rank]
    let last = topology.hostCount - 1
    let other =
      round == 0 ? (host == last && host % 2 == 0 ? nil : host ^ 1) : [0: last, last: 0][host]
    return other.map { topology.ranks(onHost: $0)[0] }
  }

  /// Seconds of latency, seconds a byte, and seconds of a core a byte.
  private func measure(_ pair: LinkPair) throws -> [Double] {
    var times: [Double] = []
    for _ in 0..<Self.exchanges { times.append(try pair.roundTrip(Self.smallBytes) / 2) }
    var latency = times.sorted()[times.count / 2]
    try pair.agree(&latency)
    var bytes = min(Self.leastBulk, mostBulk)
    while bytes < mostBulk {
      var seconds = try pair.exchange(bytes)
      try pair.agree(&seconds)
      if seconds > max(Self.enoughSeconds, Self.enoughLatencies * latency) { break }
      bytes *= 2
    }
    var best = Double.infinity
    for _ in 0..<Self.trials { best = min(best, try pair.exchange(bytes)) }
    try pair.agree(&best)
    let work = try (0..<Self.trials).map { _ in
      try pair.coreSeconds(min(bytes, Self.workBytes))
    }
    return [latency, max(best - latency, 0) / Double(bytes), work.sorted()[work.count / 2]]
  }
}

/// Two ranks of different hosts that exchange messages.
private struct LinkPair {
  let channel: any TransferChannel
  let group: any ProcessGroup
  let other: Int
  let timeout: Duration

  /// Whether this rank begins.
  private var isFirst: Bool { group.rank < other }
  private static let tag = 0

  /// Seconds until a message has come back; both ranks take part.
  func roundTrip(_ count: Int) throws -> Double {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let begin = ck_monotonic_nanoseconds()
    if isFirst {
      try finish([try channel.send(UnsafeRawBufferPointer(bytes), to: other, tag: Self.tag)])
    }
    try finish([try channel.receive(bytes, from: other, tag: Self.tag)])
    if !isFirst {
      try finish([try channel.send(UnsafeRawBufferPointer(bytes), to: other, tag: Self.tag)])
    }
    return Double(ck_monotonic_nanoseconds() - begin) * 1e-9
  }

  /// Seconds until this rank has sent so many bytes and received as many.
  func exchange(_ count: Int) throws -> Double {
    try withBuffers(count) { sent, received in
      let begin = ck_monotonic_nanoseconds()
      try finish(try transfers(sent, received))
      return Double(ck_monotonic_nanoseconds() - begin) * 1e-9
    }
  }

  /// Microseconds of sleep between two looks at transfers, and looks to find out what one costs.
  private static let rest: UInt32 = 100
  private static let idleLooks = 100

  /// Seconds of a core for a byte that is sent or received, without those of looking in vain.
  func coreSeconds(_ count: Int) throws -> Double {
    try withBuffers(count) { sent, received in
      let idle = try channel.receive(.init(rebasing: received[..<1]), from: other, tag: Self.tag)
      var begin = threadSeconds
      for _ in 0..<Self.idleLooks {
        _ = try idle.isComplete()
        usleep(Self.rest)
      }
      let look = (threadSeconds - begin) / Double(Self.idleLooks)
      try finish([
        idle, try channel.send(.init(rebasing: sent[..<1]), to: other, tag: Self.tag),
      ])
      begin = threadSeconds
      let looks = try finish(try transfers(sent, received), resting: true)
      let work = threadSeconds - begin - Double(looks) * look
      return max(work, 0) / Double(2 * count)
    }
  }

  /// Seconds that this thread has had a core.
  private var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func transfers(
    _ sent: UnsafeRawBufferPointer, _ received: UnsafeMutableRawBufferPointer
  ) throws -> [any Transfer] {
    [
      try channel.receive(received, from: other, tag: Self.tag),
      try channel.send(sent, to: other, tag: Self.tag),
    ]
  }

  /// Runs `body` on both ranks at the same time, with bytes to send and room for as many.
  private func withBuffers(
    _ count: Int,
    _ body: (_ sent: UnsafeRawBufferPointer, _ received: UnsafeMutableRawBufferPointer) throws ->
      Double
  ) throws -> Double {
    let sent = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    let received = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    defer {
      sent.deallocate()
      received.deallocate()
    }
    for buffer in [sent, received] { buffer.initializeMemory(as: UInt8.self, repeating: 1) }
    _ = try roundTrip(1)
    return try body(UnsafeRawBufferPointer(sent), received)
  }

  /// Takes the larger of the two ranks' numbers.
  func agree(_ value: inout Double) throws {
    var theirs = 0.0
    let own = value
    _ = try withUnsafeBytes(of: own) { own in
      try withUnsafeMutableBytes(of: &theirs) { theirs in
        try finish([
          try channel.receive(theirs, from: other, tag: Self.tag),
          try channel.send(own, to: other, tag: Self.tag),
        ])
      }
    }
    value = max(own, theirs)
  }

  /// Waits for transfers, looking at all of them: looking is what moves data.
  ///
  /// - Returns: the looks after which something was left to do.
  @discardableResult
  private func finish(_ transfers: [any Transfer], resting: Bool = false) throws -> Int {
    let end = ContinuousClock.now + timeout
    var open = transfers
    var looks = 0
    do {
      while true {
        open = try open.filter { try !$0.isComplete() }
        if open.isEmpty { return looks }
        looks += 1
        try channel.checkFailure()
        if resting { usleep(Self.rest) } else { sched_yield() }
        if ContinuousClock.now > end { throw silence }
      }
    } catch {
      for transfer in open { transfer.abandon() }
      throw error
    }
  }

  private var silence: CommunicationError {
    let topology = group.topology
    return CommunicationError(
      .timeout(missing: [other]), rank: group.rank,
      "measuring the network waited \(timeout) for rank \(other) (host "
        + "\(topology.hostNames[topology.hosts[other]])); see whether its network is down")
  }
}
