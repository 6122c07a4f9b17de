import SounderComm

/// What hosts tell each other at the end of a step: the losses of their shards, and whether to stop.
///
/// The first lane's ranks exchange it while the last buckets travel. Step number included, so that hosts
/// that lost step of each other are found out.
final class HostReport {
  private let lane: Lane
  private let channel: any TransferChannel
  private let tag: Int
  /// The shards of every host.
  private let shards: [Range<Int>]
  private let shardCount: Int
  private let localSize: Int
  private let messages: [MessageBuffer]
  private var values: UnsafeMutablePointer<Double>?
  private var step = 0
  private var receives: [(host: Int, transfer: any Transfer)] = []
  private var sends: [any Transfer] = []

  init(lane: Lane, channel: any TransferChannel, tag: Int, tree: HostTree, plan: ShardPlan) {
    self.lane = lane
    self.channel = channel
    self.tag = tag
    shardCount = plan.shards
    localSize = tree.positions[tree.host].count
    shards = tree.positions.map { positions in
      plan.shards(of: positions.lowerBound)
        .lowerBound..<plan.shards(of: positions.upperBound - 1).upperBound
    }
    messages = shards.map { MessageBuffer(words: $0.count + 2, payloadBytes: 0) }
  }

  /// The ranks whose report is missing.
  var peers: [Int] { receives.map(\.transfer.peer) + sends.map(\.peer) }

  func beginStep(_ step: Int) throws {
    self.step = step
    values = nil
    receives = try lane.otherHosts.map {
      ($0, try channel.receive(messages[$0].bytes, from: lane.ranks[$0], tag: tag))
    }
  }

  /// Sends what the ranks of this host have written: a loss for each shard, requests of each rank as bits,
  /// and a word for the requests of other hosts.
  func begin(_ values: UnsafeMutablePointer<Double>) throws {
    self.values = values
    values[shardCount + localSize] = 0
    let words = messages[lane.host].words
    for (place, shard) in shards[lane.host].enumerated() {
      words[place] = values[shard].bitPattern
    }
    let count = shards[lane.host].count
    words[count] = (0..<localSize).reduce(0) { $0 | UInt64(values[shardCount + $1]) }
    words[count + 1] = UInt64(step)
    sends = try lane.otherHosts.map {
      try channel.send(
        UnsafeRawBufferPointer(messages[lane.host].bytes), to: lane.ranks[$0], tag: tag)
    }
  }

  /// Takes over the reports that are here, and says whether that is all.
  func hasArrived() throws -> Bool {
    guard let values else { return false }
    receives = try receives.filter { host, transfer in
      guard try transfer.isComplete() else { return true }
      try take(host, transfer.peer, values)
      return false
    }
    sends = try sends.filter { try !$0.isComplete() }
    return receives.isEmpty && sends.isEmpty
  }

  private func take(_ host: Int, _ peer: Int, _ values: UnsafeMutablePointer<Double>) throws {
    let words = messages[host].words
    let count = shards[host].count
    guard words[count + 1] == UInt64(step) else {
      throw CommunicationError(
        .mismatch,
        "rank \(peer) ended step \(words[count + 1]) while this host ended step \(step); "
          + "all ranks must take the same steps")
    }
    for (place, shard) in shards[host].enumerated() {
      values[shard] = Double(bitPattern: words[place])
    }
    let place = shardCount + localSize
    values[place] = Double(UInt64(values[place]) | words[count])
  }

  func abandon() {
    for transfer in receives.map(\.transfer) + sends { transfer.abandon() }
  }
}
