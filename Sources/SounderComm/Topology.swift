/// Where the ranks of a group run.
public struct Topology: Sendable, Hashable {
  /// The index of the host of every rank.
  public let hosts: [Int]
  /// The names of the hosts.
  public let hostNames: [String]
  /// The rank whose view this is.
  public let rank: Int
  /// The ranks of this rank's host, ascending.
  public let localRanks: [Int]
  /// The position of this rank among ``localRanks``.
  public let localRank: Int

  /// The view of `rank` where rank r runs on host `hosts[r]`.
  public init(hosts: [Int], hostNames: [String], rank: Int) {
    self.hosts = hosts
    self.hostNames = hostNames
    self.rank = rank
    localRanks = hosts.indices.filter { hosts[$0] == hosts[rank] }
    localRank = localRanks.firstIndex(of: rank) ?? 0
  }

  /// The number of ranks.
  public var size: Int { hosts.count }
  /// The number of ranks on this rank's host.
  public var localSize: Int { localRanks.count }
  /// The number of hosts.
  public var hostCount: Int { hostNames.count }
  /// The name of this rank's host.
  public var hostName: String { hostNames[hosts[rank]] }

  /// The ranks of a host, ascending.
  public func ranks(onHost host: Int) -> [Int] { hosts.indices.filter { hosts[$0] == host } }

  /// The lowest rank of every host.
  var leaders: [Int] {
    (0..<hostCount).compactMap { host in hosts.firstIndex(of: host) }
  }

  /// Whether the sum over each host is a node of the tree over all ranks; the same on all ranks.
  ///
  /// That holds when all hosts have the same power of two of consecutive ranks; then hosts may be
  /// summed first without changing a bit of the result.
  var hostsAreTreeNodes: Bool {
    let width = size / hostCount
    return size == width * hostCount && width & (width - 1) == 0
      && hosts.enumerated().allSatisfy { rank, host in host == rank / width }
  }
}
