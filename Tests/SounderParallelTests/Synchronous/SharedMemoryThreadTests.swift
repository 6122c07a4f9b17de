import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

/// What ranks share is known before they share it.
@Suite struct SharedMemoryThreadTests {
  /// Ranks, hosts, virtual shards and form of a job.
  static let jobs: [(ranks: Int, hosts: Int, shards: Int?, update: DataParallel.Update)] = [
    (1, 1, nil, .sharded), (2, 1, nil, .sharded), (2, 1, nil, .replicated), (3, 1, 7, .sharded),
    (4, 2, 8, .sharded), (5, 2, 6, .replicated), (4, 1, 16, .sharded),
  ]

  @Test("The planned bytes are those of the region that ranks make", arguments: jobs)
  func plannedBytesAreTaken(
    _ job: (ranks: Int, hosts: Int, shards: Int?, update: DataParallel.Update)
  ) throws {
    var options = DataParallel.Options()
    options.update = job.update
    options.virtualShards = job.shards
    let optimizer = OptimizerConfiguration(kind: .adam)
    let planned = try DataParallel.sharedMemory(
      model: MLP(20, hidden: [33], 3), optimizer: optimizer,
      topology: .even(ranks: job.ranks, hosts: job.hosts), options: options)
    let taken = try ThreadGroup.run(ranks: job.ranks, hosts: job.hosts) { [options] group in
      try DataParallel(
        model: MLP(20, hidden: [33], 3), optimizer: optimizer, group: group, options: options
      ).sharedByteCount
    }
    #expect(taken[0] == planned.byteCount)
    #expect(planned.exchange >= 0)
  }

  @Test(
    "The planned bytes of messages are those of the buckets' transfers", arguments: [2, 3, 5],
    DataParallel.ShardState.allCases)
  func plannedMessages(hosts: Int, state: DataParallel.ShardState) throws {
    let topology = Topology.even(ranks: 2 * hosts, hosts: hosts)
    let plan = try ShardPlan(shards: 4 * hosts + 1, ranks: 2 * hosts)
    let layout = BucketTransfer.Layout(
      lane: Lane(topology: topology), nodes: HostTree(topology: topology, plan: plan).nodes,
      format: nil, isOwnedAlone: state == .all)
    let buckets = BucketPlan(ranges: [0..<200_000, 200_000..<200_100], groups: [[1], [0]]).buckets
    for bucket in buckets {
      let transfer = BucketTransfer(bucket, layout)
      // One message that goes to all hosts is one message.
      let messages = (transfer.sent + transfer.received + transfer.outcomes).compactMap { $0 }
      let distinct = Dictionary(messages.map { (ObjectIdentifier($0), $0) }) { first, _ in first }
      let bytes = distinct.values.reduce(0) { $0 + $1.payloadBytes }
      #expect(BucketTransfer.messageBytes(bucket, layout) == bytes)
    }
  }

  @Test("Hogwild's planned bytes are those of its arena")
  func plannedArenaIsTaken() throws {
    let planned = try Hogwild.sharedByteCount(
      optimizer: OptimizerConfiguration(kind: .sgd), topology: .even(ranks: 2, hosts: 1)
    ) { MLP(20, hidden: [33], 3) }
    let taken = try ThreadGroup.run(ranks: 2) { group in
      try Hogwild(group: group, optimizer: OptimizerConfiguration(kind: .sgd)) {
        MLP(20, hidden: [33], 3)
      }.sharedByteCount
    }
    #expect(taken == [planned, planned])
  }
}
