import SounderComm
import Testing

@testable import SounderParallel

@Suite("Lanes between hosts")
struct LaneTests {
  private let ranges = [0..<3000, 3008..<3018, 3024..<20_000, 20_000..<20_010, 20_480..<25_600]

  private func lanes(_ hosts: [Int]) -> [Lane] {
    let names = (0...(hosts.max() ?? 0)).map { "host \($0)" }
    return hosts.indices.map { Lane(topology: Topology(hosts: hosts, hostNames: names, rank: $0)) }
  }

  @Test(
    "DP-27: owners share every bucket out in whole pieces, whatever the buckets are",
    arguments: [[0, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 1, 2, 1, 0, 2, 2]])
  func owners(hosts: [Int]) {
    let lanes = lanes(hosts)
    let plans = [
      BucketPlan(ranges: ranges, groups: [[0, 3], [4, 2, 1]]),
      BucketPlan(ranges: ranges, groups: [[4], [3], [2], [1], [0]]),
    ]
    let owned = plans.map { plan in
      lanes.enumerated().map { rank, lane in
        Set(plan.buckets.flatMap { lane.part(of: $0, on: hosts[rank]) })
      }
    }
    #expect(owned[0] == owned[1])
    var seen = Set<Int>()
    for segment in owned[0].joined() {
      let start = ranges[segment.parameter].lowerBound
      #expect((segment.range.lowerBound - start) % BucketPlan.pieceCount == 0)
      for element in segment.range { #expect(seen.insert(element).inserted) }
    }
    #expect(seen.count == ranges.reduce(0) { $0 + $1.count })
  }

  @Test(
    "A lane's slice is made of the parts its ranks own",
    arguments: [[0, 0, 1, 1], [0, 1, 1, 2, 2, 2]])
  func slices(hosts: [Int]) {
    let plan = BucketPlan(ranges: ranges, groups: [[0, 3], [4, 2, 1]])
    for lane in lanes(hosts) {
      for bucket in plan.buckets {
        let parts = (0..<lane.hostCount).flatMap { lane.part(of: bucket, on: $0) }
        let elements = { (segments: [BucketPlan.Segment]) in
          Set(segments.flatMap { Array($0.range) })
        }
        #expect(elements(parts) == elements(lane.slice(of: bucket)))
      }
    }
  }

  @Test("There are as many lanes as the smallest host has ranks, and no more ranks take part")
  func uneven() {
    let lanes = lanes([0, 1, 1, 0, 1])
    #expect(lanes.map(\.count) == [2, 2, 2, 2, 2])
    #expect(lanes.map(\.index) == [0, 0, 1, 1, nil])
    #expect(lanes.map(\.ranks) == [[0, 1], [0, 1], [3, 2], [3, 2], []])
  }
}
