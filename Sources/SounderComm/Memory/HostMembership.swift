import CKernels

/// A rank's place among the ranks of its host, and how it waits for them.
public struct HostMembership: Sendable {
  /// The position of this rank among ``ranks``.
  public let localRank: Int
  /// The ranks of this host, as numbered in the group.
  public let ranks: [Int]
  /// The host's name, for messages.
  public let hostName: String
  /// How long to wait for the others before it is an error.
  public let timeout: Duration
  /// How to wait.
  public internal(set) var waiting: WaitPolicy

  /// What the ranks are doing.
  let board: RankBoard

  /// The number of ranks on this host.
  public var localSize: Int { ranks.count }
  /// This rank's number in the group.
  public var rank: Int { ranks[localRank] }

  /// The same place, with another board.
  func with(board: RankBoard) -> HostMembership {
    HostMembership(
      localRank: localRank, ranks: ranks, hostName: hostName, timeout: timeout, waiting: waiting,
      board: board)
  }
}
