import SounderComm

/// Where the ranks of a job run.
public enum JobPlacement: Sendable, Hashable {
  /// One process that no launcher started.
  case alone
  /// Threads of one process.
  case threads(Int)
  /// Processes on one or several hosts, spread evenly.
  case processes(ranks: Int, hosts: Int)

  /// The number of ranks.
  public var ranks: Int {
    switch self {
    case .alone: 1
    case .threads(let count): count
    case .processes(let ranks, _): ranks
    }
  }

  /// The number of hosts.
  public var hosts: Int { if case .processes(_, let hosts) = self { hosts } else { 1 } }

  /// The view of a rank on the host with the most ranks.
  public var topology: Topology { .even(ranks: ranks, hosts: hosts) }
}

extension JobPlacement: CustomStringConvertible {
  /// A few words.
  public var description: String {
    switch self {
    case .alone: "one process"
    case .threads(let count): "\(count) ranks in one process"
    case .processes(let ranks, let hosts):
      "\(ranks) rank\(ranks == 1 ? "" : "s") on \(hosts) host\(hosts == 1 ? "" : "s")"
    }
  }
}
