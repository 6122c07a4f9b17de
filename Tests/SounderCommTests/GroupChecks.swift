import SounderArray

@testable import SounderComm

/// What every way to divide a group must give; returns descriptions of what is wrong on this rank.
struct GroupChecks {
  let group: any ProcessGroup

  func faults() throws -> [String] {
    try rows() + order() + excluded() + hosts() + pipelines() + memory() + nested()
  }

  private func sum(_ group: any ProcessGroup, _ value: Int) throws -> Int {
    var shared = Int64(value)
    try withUnsafeMutableBytes(of: &shared) { try group.allReduce($0, .int64, .sum) }
    return Int(shared)
  }

  private func fault(_ holds: Bool, _ what: String) -> [String] {
    holds ? [] : ["rank \(group.rank) of \(group.size): \(what)"]
  }

  /// Two colors work at the same time on collectives of different number and kind.
  private func rows() throws -> [String] {
    let color = group.rank % 2
    guard let half = try group.split(color: color, key: group.rank) else { return ["no half"] }
    let members = (0..<group.size).filter { $0 % 2 == color }
    var found = fault(half.size == members.count, "size \(half.size) of \(members)")
    found += fault(members[half.rank] == group.rank, "number \(half.rank) in \(members)")
    for round in 0..<(color == 0 ? 5 : 11) {
      let expected = members.reduce(0, +) + round * members.count
      found += fault(try sum(half, group.rank + round) == expected, "sum \(round) of \(members)")
    }
    var bytes: [UInt8] = [UInt8(group.rank)]
    try bytes.withUnsafeMutableBytes { try half.broadcast($0, root: half.size - 1) }
    found += fault(Int(bytes[0]) == members.last, "broadcast in \(members)")
    var all = [UInt8](repeating: 0, count: half.size)
    try [UInt8(group.rank)].withUnsafeBytes { input in
      try all.withUnsafeMutableBytes { try half.allGather(input, into: $0) }
    }
    found += fault(all.map(Int.init) == members, "allGather in \(members)")
    return found + (try messages(half, members))
  }

  /// Messages and ports have the new group's numbers.
  private func messages(_ half: any ProcessGroup, _ members: [Int]) throws -> [String] {
    let (next, last) = ((half.rank + 1) % half.size, (half.rank + half.size - 1) % half.size)
    var received: [UInt8] = [255]
    try [UInt8(group.rank)].withUnsafeBytes { try half.send($0, to: next, tag: 3) }
    try received.withUnsafeMutableBytes { try half.receive($0, from: last, tag: 3) }
    var found = fault(Int(received[0]) == members[last], "message from \(last) in \(members)")
    let port = try half.makeMessagePort()
    for other in 0..<half.size { try port.post([UInt8(group.rank)], to: other) }
    var heard: [Int: UInt8] = [:]
    let deadline = ContinuousClock.now + .seconds(30)
    while heard.count < half.size, ContinuousClock.now < deadline {
      for message in try port.poll() { heard[message.sender] = message.bytes[0] }
      try port.wait(atMost: .milliseconds(2))
    }
    found += fault(
      (0..<half.size).allSatisfy { heard[$0].map(Int.init) == members[$0] }, "port \(heard)")
    try half.barrier()
    return found
  }

  private func order() throws -> [String] {
    guard let reversed = try group.split(color: 7, key: -group.rank) else { return ["none"] }
    return fault(reversed.rank == group.size - 1 - group.rank, "reversed number \(reversed.rank)")
  }

  private func excluded() throws -> [String] {
    let picked = try group.subgroup(ranks: [group.size - 1])
    var found = fault((picked != nil) == (group.rank == group.size - 1), "membership")
    if let picked { found += fault(try picked.size == 1 && sum(picked, 4) == 4, "group of one") }
    let all = try group.subgroup(ranks: Array((0..<group.size).reversed()))
    found += fault(all?.rank == group.size - 1 - group.rank, "order of subgroup")
    return found
  }

  private func hosts() throws -> [String] {
    let host = try group.hostGroup()
    let cross = try group.crossGroup()
    let topology = group.topology
    let peers = (0..<topology.hostCount).filter {
      topology.ranks(onHost: $0).count > topology.localRank
    }
    return try fault(host.size == topology.localSize, "size of the host's group")
      + fault(host.topology.hostCount == 1, "hosts of the host's group")
      + fault(host.topology.hostName == topology.hostName, "name of the host")
      + fault(host.rank == topology.localRank, "number on the host")
      + fault(cross.size == peers.count, "size of the cross group")
      + fault(cross.topology.hostCount == peers.count, "hosts of the cross group")
      + fault(
        sum(host, group.rank) == topology.localRanks.reduce(0, +), "sum over the host")
      + fault(
        sum(cross, group.rank)
          == peers.reduce(0) { $0 + topology.ranks(onHost: $1)[topology.localRank] },
        "sum across hosts")
  }

  private func pipelines() throws -> [String] {
    let stages = group.size % 2 == 0 ? 2 : 1
    let (pipeline, replicas) = try group.pipelineGroups(stages: stages)
    return fault(pipeline.size == stages && pipeline.rank == group.rank % stages, "pipeline")
      + fault(
        replicas.size == group.size / stages && replicas.rank == group.rank / stages, "replicas")
  }

  /// Each group has memory of its own.
  private func memory() throws -> [String] {
    guard let half = try group.split(color: group.rank % 2, key: 0) else { return ["no half"] }
    let region = try half.makeSharedRegion(byteCount: 4096)
    let words = region.pointer(at: 0, as: Int64.self, count: 512)
    words[region.localRank] = Int64(group.rank + 1)
    try half.barrier()
    let mine = half.topology.localRanks.map { group.rank % 2 + 2 * $0 + 1 }
    let seen = (0..<512).map { Int(words[$0]) }
    try half.barrier()
    return fault(
      Array(seen.prefix(mine.count)) == mine && seen.dropFirst(mine.count).allSatisfy { $0 == 0 },
      "shared memory \(seen.prefix(4)), expected \(mine)")
  }

  /// A group of a group.
  private func nested() throws -> [String] {
    guard let half = try group.split(color: group.rank % 2, key: 0),
      let one = try half.split(color: half.rank, key: 0)
    else { return ["none"] }
    return try fault(one.size == 1 && sum(one, group.rank) == group.rank, "a group of a group")
  }
}
