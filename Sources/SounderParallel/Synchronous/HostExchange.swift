import SounderArray
import SounderComm

/// How sums meet across hosts: which tree nodes each host holds and how they travel.
///
/// Positions number the ranks host by host, so that every host has a contiguous range of shards. A host
/// adds its ranks' gradients up to the largest tree nodes inside its range; those are exchanged and the
/// rest of the tree is evaluated on every host alike. The bits are those of one host.
struct HostExchange {
  private let group: any ProcessGroup
  /// This rank's place in the order of shards.
  let position: Int
  /// The positions of the ranks of each host.
  private let positions: [Range<Int>]
  /// The tree nodes of each host.
  private let nodes: [[Range<Int>]]
  private let host: Int

  /// Whether there is more than one host.
  var isNeeded: Bool { positions.count > 1 }

  /// The number of nodes over all hosts; none need memory on a single host.
  var nodeCount: Int { isNeeded ? nodes.reduce(0) { $0 + $1.count } : 0 }

  init(group: any ProcessGroup, plan: ShardPlan) {
    self.group = group
    let topology = group.topology
    host = topology.hosts[topology.rank]
    var next = 0
    var positions: [Range<Int>] = []
    for index in 0..<topology.hostCount {
      let count = topology.ranks(onHost: index).count
      positions.append(next..<next + count)
      next += count
    }
    self.positions = positions
    position = positions[host].lowerBound + topology.localRank
    nodes = positions.map { range in
      let first = plan.shards(of: range.lowerBound).lowerBound
      let last = plan.shards(of: range.upperBound - 1).upperBound
      return ReductionTree.nodes(covering: first..<last, of: plan.shards)
    }
  }

  /// The tree nodes the ranks of this host hold in their gradient slots, from left to right.
  func localLeaves(in memory: StepRegion, plan: ShardPlan) -> [TreeSum.Leaf] {
    positions[host].enumerated().flatMap { localRank, position in
      plan.schedule(of: position).nodes.enumerated().map { slot, node in
        TreeSum.Leaf(node: node, base: UnsafePointer(memory.slot(slot, of: localRank)))
      }
    }
  }

  /// The leaves of the final sum: the ranks' slots on a single host, else the hosts' partial sums.
  func leaves(in memory: StepRegion, plan: ShardPlan) -> [TreeSum.Leaf] {
    guard isNeeded else { return localLeaves(in: memory, plan: plan) }
    return nodes.joined().enumerated().map { index, node in
      TreeSum.Leaf(node: node, base: UnsafePointer(memory.hostPartial(index)))
    }
  }

  /// The nodes of this host with the place of their sums.
  func ownNodes(in memory: StepRegion) -> [(node: Range<Int>, sum: UnsafeMutablePointer<Float>)] {
    nodes[host].enumerated().map { ($1, memory.hostPartial(index(of: $0, on: host))) }
  }

  private func index(of node: Int, on host: Int) -> Int {
    nodes[..<host].reduce(node) { $0 + $1.count }
  }

  /// Swaps partial sums with the first ranks of all other hosts; called by the first rank of a host.
  ///
  /// Pairs of hosts meet in one order everywhere and the lower one sends first, so nobody waits in a
  /// circle.
  /// - Throws: ``CommunicationError``.
  func exchange(_ memory: StepRegion) throws {
    let topology = group.topology
    for low in positions.indices {
      for high in positions.indices where high > low && (host == low || host == high) {
        let peer = topology.ranks(onHost: host == low ? high : low)[0]
        if host == low { try send(memory, to: peer) }
        try receive(memory, from: peer, host: host == low ? high : low)
        if host == high { try send(memory, to: peer) }
      }
    }
  }

  private static let tag = 7

  private func send(_ memory: StepRegion, to peer: Int) throws {
    for (_, sum) in ownNodes(in: memory) {
      let bytes = UnsafeRawBufferPointer(
        UnsafeBufferPointer(start: sum, count: memory.elementCount))
      try group.send(bytes, to: peer, tag: Self.tag)
    }
  }

  private func receive(_ memory: StepRegion, from peer: Int, host: Int) throws {
    for node in nodes[host].indices {
      let sum = memory.hostPartial(index(of: node, on: host))
      let bytes = UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(start: sum, count: memory.elementCount))
      try group.receive(bytes, from: peer, tag: Self.tag)
    }
  }
}
