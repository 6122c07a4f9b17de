import SounderArray
import Testing

@testable import SounderComm

/// Reduces slots of several lengths, several times over; every slot must hold the whole result.
func checkSharedReduction(_ group: any ProcessGroup) throws {
  let longest = 20_000
  let flagBytes = SharedReduction.byteCount(ranks: group.size)
  let region = try group.makeSharedRegion(byteCount: flagBytes + group.size * longest * 4)
  let reduction = SharedReduction(region: region)
  let places = (0..<group.size).map {
    region.pointer(at: flagBytes + $0 * longest * 4, as: Float.self, count: longest)
  }
  let slots = places.map { UnsafeMutableRawPointer($0) }
  for (step, count) in [1, 15, 16, 17, 100, 4097, longest].enumerated() {
    for operation in ReduceOperation.allCases {
      for turn in 0..<2 {
        let shift = step + turn
        for index in 0..<count {
          places[group.rank][index] = Float.value(group.rank, index + shift)
        }
        try reduction.reduce(slots, count: count, .float32, operation)
        let wrong = stride(from: 0, to: count, by: count < 300 ? 1 : 31).first { index in
          places[group.rank][index]
            != reduced(ranks: group.size, operation) { Float.value($0, index + shift) }
        }
        #expect(wrong == nil, "\(operation) of \(count), turn \(turn)")
      }
    }
  }
  // A rank that leaves earlier would free the region under the others.
  try withExtendedLifetime(region) { try group.barrier() }
}

@Suite("Reductions in shared memory")
struct SharedReductionTests {
  @Test("Every slot gets the result of the reference", arguments: [1, 2, 3, 5, 8])
  func reference(ranks: Int) throws {
    try ThreadGroup.run(ranks: ranks) { try checkSharedReduction($0) }
  }

  @Test("Ranks that disagree all throw")
  func mismatch() throws {
    let errors = try ThreadGroup.run(ranks: 3) { group -> CommunicationError.Kind? in
      let region = try group.makeSharedRegion(byteCount: 8192)
      let reduction = SharedReduction(region: region)
      let slots = (0..<3).map { region.base + 4096 + $0 * 64 }
      do {
        try reduction.reduce(slots, count: group.rank == 2 ? 3 : 4, .float32, .sum)
      } catch let error as CommunicationError { return error.kind }
      return nil
    }
    #expect(errors == [.mismatch, .mismatch, .mismatch])
  }

  @Test("A failure of the group ends a wait for a contribution")
  func failure() throws {
    struct Broken: Error {}
    let error = #expect(throws: RankError.self) {
      try ThreadGroup.run(ranks: 2) { group in
        let region = try group.makeSharedRegion(byteCount: 8192)
        if group.rank == 1 { throw Broken() }
        let reduction = SharedReduction(region: region)
        let slots = (0..<2).map { region.base + 4096 + $0 * 64 }
        try reduction.reduce(slots, count: 4, .float32, .sum)
      }
    }
    #expect(error?.underlying is Broken)
  }
}
