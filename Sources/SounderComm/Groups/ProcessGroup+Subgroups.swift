import SounderArray

extension ProcessGroup {
  /// The group of some of this group's ranks, in the given order; nil on the others.
  ///
  /// A collective: all ranks of this group call it with the same ranks, which must differ.
  /// - Throws: ``CommunicationError``.
  public func subgroup(ranks members: [Int]) throws -> (any ProcessGroup)? {
    for member in members { requireMember(member, "subgroup") }
    require(
      Set(members).count == members.count && !members.isEmpty,
      "subgroup: \(members) must name one rank or more, each once")
    let position = members.firstIndex(of: rank)
    return try split(color: position.map { _ in 0 }, key: position ?? 0)
  }

  /// The ranks of this rank's host; a collective over all ranks.
  ///
  /// - Throws: ``CommunicationError``.
  public func hostGroup() throws -> any ProcessGroup {
    try member(of: split(color: topology.hosts[rank], key: rank))
  }

  /// The ranks with this rank's position on their hosts, one from every host that has such a one; a collective
  /// over all ranks.
  ///
  /// - Throws: ``CommunicationError``.
  public func crossGroup() throws -> any ProcessGroup {
    try member(of: split(color: topology.localRank, key: topology.hosts[rank]))
  }

  /// The two groups of a rank in a grid of pipelines; a collective over all ranks.
  ///
  /// Ranks `p · stages ..< (p + 1) · stages` are the stages of pipeline p.
  /// - Parameter stages: the stages of every pipeline; must divide the number of ranks.
  /// - Returns: `pipeline`, the stages of this rank's pipeline, where the rank's number is its stage; and
  ///   `replicas`, the same stage of all pipelines, over which gradients are averaged.
  /// - Throws: ``CommunicationError``.
  public func pipelineGroups(
    stages: Int
  ) throws -> (pipeline: any ProcessGroup, replicas: any ProcessGroup) {
    require(
      stages > 0 && size % stages == 0,
      "pipelineGroups: \(stages) stages do not divide \(size) ranks")
    return (
      try member(of: split(color: rank / stages, key: rank)),
      try member(of: split(color: rank % stages, key: rank))
    )
  }

  private func member(of group: (any ProcessGroup)?) throws -> any ProcessGroup {
    guard let group else {
      throw CommunicationError(.launch, rank: rank, "a split left this rank without its group")
    }
    return group
  }
}

/// How the ranks of a group are divided: who belongs together and in which order.
struct GroupSplit {
  /// The ranks of this rank's new group, in its order; nil for a rank that joins none.
  let members: [Int]?
  /// The members of all new groups, by ascending color.
  let groups: [[Int]]

  /// Learns what all ranks want; a collective.
  init(_ group: any ProcessGroup, color: Int?, key: Int) throws {
    let mine = [Int64(color == nil ? 0 : 1), Int64(color ?? 0), Int64(key)]
    var table = [Int64](repeating: 0, count: mine.count * group.size)
    try mine.withUnsafeBytes { input in
      try table.withUnsafeMutableBytes { try group.allGather(input, into: $0) }
    }
    let entries = (0..<group.size).map { rank in
      (joins: table[rank * 3] != 0, color: table[rank * 3 + 1], key: table[rank * 3 + 2])
    }
    let colors = Set(entries.filter(\.joins).map(\.color)).sorted()
    groups = colors.map { color in
      entries.indices.filter { entries[$0].joins && entries[$0].color == color }
        .sorted { (entries[$0].key, $0) < (entries[$1].key, $1) }
    }
    members = color == nil ? nil : groups.first { $0.contains(group.rank) }
  }
}
