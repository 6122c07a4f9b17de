import SounderComm

/// Which virtual shards, and so which nodes of the reduction tree, each host holds.
///
/// Positions number the ranks host by host, so that every host has a contiguous range of shards. A host
/// adds its ranks' gradients up to the largest tree nodes inside its range; the rest of the tree joins
/// nodes of several hosts.
struct HostTree {
  /// This rank's place in the order of shards.
  let position: Int
  /// The positions of the ranks of each host.
  let positions: [Range<Int>]
  /// The tree nodes of each host, from left to right.
  let nodes: [[Range<Int>]]
  /// This rank's host.
  let host: Int

  /// The number of this host's ranks.
  var localSize: Int { positions[host].count }
  /// The number of hosts.
  var hostCount: Int { positions.count }
  /// The number of this host's nodes; none need memory on a single host.
  var ownNodeCount: Int { hostCount > 1 ? nodes[host].count : 0 }

  init(topology: Topology, plan: ShardPlan) {
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

  /// The bytes of a rank's gradient that are still in a cache when they are written again.
  ///
  /// Beyond, claiming a line of another rank only sends it to memory once more: 14 % of the time of
  /// summing and updating 64 MiB (EPYC, 32 MiB of last-level cache, two ranks).
  private static let claimLimit = 8 << 20

  /// The rank at a place in the order of shards.
  func rank(at position: Int, in topology: Topology) -> Int {
    let host = positions.firstIndex { $0.contains(position) } ?? 0
    return topology.ranks(onHost: host)[position - positions[host].lowerBound]
  }

  /// The tree nodes the ranks of this host hold in their gradient slots, from left to right.
  func localLeaves(in memory: StepRegion, plan: ShardPlan) -> [TreeSum.Leaf] {
    let claims = memory.elementCount * MemoryLayout<Float>.stride <= Self.claimLimit
    return positions[host].enumerated().flatMap { localRank, position in
      plan.schedule(of: position).nodes.enumerated().map { slot, node in
        TreeSum.Leaf(
          node: node, base: UnsafePointer(memory.slot(slot, of: localRank)),
          isClaimed: claims && localRank != memory.region.localRank)
      }
    }
  }
}
