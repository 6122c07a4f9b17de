import CKernels
import Foundation
import SounderComm
import Testing

@testable import SounderTrain

@Suite("Clocks of hosts")
struct ClockAlignmentThreadTests {
  @Test("DA-10: a clock that is ahead and drifts is put right, linearly between two measurements")
  func linear() {
    let clocks = ClockAlignment(
      first: .init(time: 1_000, offset: -500, roundTrip: 2),
      last: .init(time: 2_001_000, offset: -700, roundTrip: 2))
    #expect(clocks.align(1_000) == 500)
    #expect(clocks.align(1_001_000) == 1_000_400)
    #expect(clocks.align(2_001_000) == 2_000_300)
    let still = ClockAlignment.Sample(time: 7, offset: 3, roundTrip: 0)
    #expect(ClockAlignment(first: still, last: still).align(100) == 103)
  }

  @Test("DA-10: hosts find the offset of their clock within half a round trip", arguments: [2, 3])
  func offsets(hosts: Int) throws {
    // Each host pretends a clock that is a whole number of seconds ahead.
    let ahead = (0..<hosts).map { UInt64($0) * 5_000_000_000 }
    let samples = try ThreadGroup.run(ranks: 2 * hosts, hosts: hosts) { group in
      let own = ahead[group.topology.hosts[group.rank]]
      return try ClockAlignment.sample(group) { ck_monotonic_nanoseconds() + own }
    }
    for (rank, sample) in samples.enumerated() {
      let expected = -Int64(ahead[rank / 2])
      #expect(
        (sample.offset - expected).magnitude <= sample.roundTrip / 2 + 1, "rank \(rank)")
      #expect(sample == samples[rank / 2 * 2], "ranks of a host agree")
    }
  }

  @Test("DA-10: the ranks of one host need no messages: their clock is the same")
  func oneHost() throws {
    let samples = try ThreadGroup.run(ranks: 3) { try ClockAlignment.sample($0) }
    #expect(samples.allSatisfy { $0.offset == 0 })
  }
}
