import SounderComm

/// How ranks of several hosts pair up to exchange sums.
///
/// There are as many lanes as every host has ranks; lane l joins the ranks of local index l of all hosts.
/// A lane takes care of one slice of every bucket, and each of its ranks *owns* a part of that slice.
/// On a host with more ranks than lanes the others compute gradients only.
struct Lane {
  /// This rank's lane, or nil for a rank that only computes.
  let index: Int?
  /// The number of lanes.
  let count: Int
  /// This rank's host.
  let host: Int
  /// The rank of this lane on every host; empty for a rank without lane.
  let ranks: [Int]

  /// The number of hosts.
  let hostCount: Int
  /// The other hosts, beginning with the next: so not all send to the same one at once.
  var otherHosts: [Int] { (1..<max(hostCount, 1)).map { (host + $0) % hostCount } }

  init(topology: Topology) {
    let hosts = (0..<topology.hostCount).map(topology.ranks(onHost:))
    count = hosts.map(\.count).min() ?? 1
    hostCount = hosts.count
    host = topology.hosts[topology.rank]
    let local = topology.localRank
    index = local < count ? local : nil
    ranks = local < count ? hosts.map { $0[local] } : []
  }

  /// What the lane takes care of: this rank's slice of a bucket.
  func slice(of bucket: BucketPlan.Bucket) -> [BucketPlan.Segment] {
    index.map { segments(of: bucket, $0 * hostCount..<($0 + 1) * hostCount) } ?? []
  }

  /// The part of the lane's slice that the lane's rank on a host owns.
  ///
  /// It depends on the parameters only, not on how they are put into buckets: an owner keeps optimiser
  /// state, which has to stay where it is when buckets are planned anew.
  func part(of bucket: BucketPlan.Bucket, on host: Int) -> [BucketPlan.Segment] {
    index.map { lane in
      let part = lane * hostCount + host
      return segments(of: bucket, part..<part + 1)
    } ?? []
  }

  /// Some parts of every parameter, each of which is cut into whole pieces for all lanes and hosts.
  private func segments(
    of bucket: BucketPlan.Bucket, _ parts: Range<Int>
  ) -> [BucketPlan.Segment] {
    bucket.segments.compactMap { whole in
      let begin = boundary(parts.lowerBound, of: whole.range)
      let end = boundary(parts.upperBound, of: whole.range)
      return begin < end
        ? BucketPlan.Segment(parameter: whole.parameter, range: begin..<end) : nil
    }
  }

  /// Where a part of a parameter begins.
  ///
  /// What cannot be divided goes to different parts for different parameters.
  private func boundary(_ part: Int, of range: Range<Int>) -> Int {
    let parts = count * hostCount
    let piece = BucketPlan.pieceCount
    let pieces = (range.count + piece - 1) / piece
    let shift = range.lowerBound / piece % parts
    return min(range.lowerBound + (pieces * part + shift) / parts * piece, range.upperBound)
  }
}
