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
    var latency = times.median
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
    return [latency, max(best - latency, 0) / Double(bytes), work.median]
  }
}
