import SounderArray
import SounderComm

/// Swaps the hosts' sums at the end of a step, between the first ranks of the hosts.
final class EndOfStepExchange: NetworkLeg {
  let hostSums: [HostSum]
  let results: [TreeSum.Leaf]
  private let group: any ProcessGroup
  private let tree: HostTree
  private let memory: StepRegion
  private var buckets: BucketPlan?
  private var begun: [BucketHeader] = []
  private var isExchanged = false
  private var epoch: UInt32 = 0

  init(group: any ProcessGroup, tree: HostTree, memory: StepRegion) {
    self.group = group
    self.tree = tree
    self.memory = memory
    hostSums = tree.nodes[tree.host].enumerated().map {
      HostSum(node: $1, sum: memory.hostPartial(tree.index(of: $0, on: tree.host)))
    }
    results = tree.nodes.joined().enumerated().map {
      TreeSum.Leaf(node: $1, base: UnsafePointer(memory.hostPartial($0)))
    }
  }

  func beginStep(_ step: Int, buckets: BucketPlan) {
    self.buckets = buckets
    begun = []
    isExchanged = false
  }

  func begin(bucket: Int, header: BucketHeader) { begun.append(header) }

  func progress() {}

  func isComplete(bucket: Int) -> Bool { isExchanged }

  func finish(bucket: Int) throws -> BucketHeader {
    if !isExchanged { try exchangeAll() }
    var header = begun[bucket]
    if let place = buckets?.buckets[bucket].headerOffset {
      header.formUnion(memory.networkHeaders + place)
    }
    return header
  }

  func endStep() {}

  private func exchangeAll() throws {
    try synchronise("the host's sums")
    if memory.region.localRank == 0 { try exchange() }
    try synchronise("the other hosts' sums")
    isExchanged = true
  }

  private func synchronise(_ phase: String) throws {
    epoch &+= 1
    memory.flags.publish(channel: StepRegion.networkChannel, epoch: epoch)
    try memory.flags.waitForAll(channel: StepRegion.networkChannel, epoch: epoch, phase)
  }

  /// Pairs of hosts meet in one order everywhere and the lower one sends first, so nobody waits in a
  /// circle.
  private func exchange() throws {
    let own = begun.flatMap(\.words)
    let joined = UnsafeMutableBufferPointer(start: memory.networkHeaders, count: own.count)
    _ = joined.update(from: own)
    let host = tree.host
    for low in 0..<tree.hostCount {
      for high in low + 1..<max(tree.hostCount, low + 1) where host == low || host == high {
        let other = host == low ? high : low
        let peer = group.topology.ranks(onHost: other)[0]
        if host == low { try send(own, to: peer) }
        try receive(joined, from: peer, host: other)
        if host == high { try send(own, to: peer) }
      }
    }
  }

  private static let tag = 7

  private func send(_ header: [UInt64], to peer: Int) throws {
    try header.withUnsafeBytes { try group.send($0, to: peer, tag: Self.tag) }
    for own in hostSums {
      let values = UnsafeBufferPointer(start: own.sum, count: memory.elementCount)
      try group.send(UnsafeRawBufferPointer(values), to: peer, tag: Self.tag)
    }
  }

  private func receive(
    _ joined: UnsafeMutableBufferPointer<UInt64>, from peer: Int, host: Int
  ) throws {
    var header = [UInt64](repeating: 0, count: joined.count)
    try header.withUnsafeMutableBytes { try group.receive($0, from: peer, tag: Self.tag) }
    for (index, word) in header.enumerated() { joined[index] |= word }
    for node in tree.nodes[host].indices {
      let values = UnsafeMutableBufferPointer(
        start: memory.hostPartial(tree.index(of: node, on: host)), count: memory.elementCount)
      try group.receive(UnsafeMutableRawBufferPointer(values), from: peer, tag: Self.tag)
    }
  }
}
