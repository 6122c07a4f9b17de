import SounderArray
import Testing

@testable import SounderComm

@Suite("Shared regions")
struct SharedRegionTests {
  @Test(
    "A region is zeroed and all ranks of a host see the same bytes",
    arguments: [[0, 0, 0], [0, 0, 1, 1]])
  func visible(hosts: [Int]) throws {
    try ThreadGroup.run(hostOfRank: hosts) { group in
      let region = try group.makeSharedRegion(byteCount: 1 << 20)
      let words = region.pointer(at: 0, as: Int.self, count: region.localSize)
      #expect(words[group.topology.localRank] == 0)
      words[group.topology.localRank] = group.rank + 1
      try group.barrier()
      #expect((0..<region.localSize).map { words[$0] - 1 } == group.topology.localRanks)
      try group.barrier()
    }
  }

  @Test("A region lives as long as a storage in it")
  func ownership() throws {
    try ThreadGroup.run(ranks: 2) { group in
      var region: SharedRegion? = try group.makeSharedRegion(byteCount: 4096)
      weak let mapping = region?.mapping
      var storage = region.map { Storage(base: $0.base, byteCount: 4096, owner: $0) }
      region = nil
      storage?.base.storeBytes(of: 7, toByteOffset: group.rank * 8, as: Int.self)
      #expect(mapping != nil)
      storage = nil
      try group.barrier()
      #expect(mapping == nil)
    }
  }

  @Test("Regions of another size are a mismatch")
  func sizes() throws {
    let error = #expect(throws: RankError.self) {
      try ThreadGroup.run(ranks: 2) { group in
        _ = try group.makeSharedRegion(byteCount: 4096 * (group.rank + 1))
      }
    }
    #expect((error?.underlying as? CommunicationError)?.kind == .mismatch)
  }

  @Test("A region larger than memory is an error on every rank")
  func tooLarge() throws {
    let error = #expect(throws: RankError.self) {
      try ThreadGroup.run(ranks: 2) { group in
        _ = try group.makeSharedRegion(byteCount: 1 << 50)
      }
    }
    guard case .system? = (error?.underlying as? CommunicationError)?.kind else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}

@Suite("Epoch flags")
struct EpochFlagsTests {
  @Test(
    "Data written before an epoch is seen after it, with more ranks than cores", arguments: [2, 8])
  func order(ranks: Int) throws {
    try ThreadGroup.run(ranks: ranks) { group in
      let flagBytes = EpochFlags.byteCount(ranks: ranks)
      let region = try group.makeSharedRegion(byteCount: flagBytes + 8 * ranks)
      let flags = EpochFlags(region: region)
      let values = region.pointer(at: flagBytes, as: Int.self, count: ranks)
      for step in 1...200 {
        values[group.rank] = step * 1000 + group.rank
        flags.setPayload(0, UInt64(step))
        flags.publish(channel: 1, epoch: UInt32(step * 2))
        try flags.waitForAll(channel: 1, epoch: UInt32(step * 2), "step \(step)")
        #expect((0..<ranks).allSatisfy { values[$0] == step * 1000 + $0 })
        #expect((0..<ranks).allSatisfy { flags.payload(of: $0, 0) == UInt64(step) })
        flags.publish(channel: 1, epoch: UInt32(step * 2 + 1))
        try flags.waitForAll(channel: 1, epoch: UInt32(step * 2 + 1), "step \(step)")
      }
    }
  }

  @Test("Epochs may wrap round")
  func wrapping() throws {
    try ThreadGroup.run(ranks: 2) { group in
      let region = try group.makeSharedRegion(byteCount: EpochFlags.byteCount(ranks: 2))
      let flags = EpochFlags(region: region)
      var epoch: UInt32 = 0
      for _ in 0..<5 {
        epoch &+= 1 << 30
        flags.publish(epoch: epoch)
        try flags.waitForAll(epoch: epoch, "wrap")
        #expect(flags.isReached(1 - group.rank, epoch: epoch))
        try group.barrier()
      }
      #expect(epoch == 1 << 30)
    }
  }
}
