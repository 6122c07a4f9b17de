import CKernels
import SounderComm

/// How the clock of a rank's host differs from rank 0's, measured twice and linear in between.
///
/// Ranks of one host share a monotonic clock. For another host its first rank asks rank 0 for the time
/// several times; of the answers that with the shortest round trip counts, halfway through it (Cristian
/// 1989, as in NTP). So the error is at most half of that round trip.
struct ClockAlignment: Equatable {
  /// One measurement: rank 0's time minus this rank's, at a time of this rank's clock.
  struct Sample: Equatable {
    var time: UInt64
    var offset: Int64
    /// The round trip, in nanoseconds.
    var roundTrip: UInt64
  }

  var first: Sample
  var last: Sample

  /// A time of this rank's clock on rank 0's.
  func align(_ time: UInt64) -> Int64 {
    let elapsed = Double(last.time) - Double(first.time)
    let share = elapsed > 0 ? (Double(time) - Double(first.time)) / elapsed : 0
    return Int64(time) + first.offset
      + Int64((share * Double(last.offset - first.offset)).rounded())
  }

  private static let rounds = 8
  private static let tag = 0x7C10

  /// Measures; a collective over all ranks.
  ///
  /// Ranks of rank 0's host differ by nothing.
  /// - Throws: ``CommunicationError``.
  static func sample(
    _ group: any ProcessGroup, clock: () -> UInt64 = ck_monotonic_nanoseconds
  ) throws -> Sample {
    let topology = group.topology
    var own = Sample(time: clock(), offset: 0, roundTrip: 0)
    for host in 0..<topology.hostCount where host != topology.hosts[0] {
      let asker = topology.ranks(onHost: host)[0]
      if group.rank == asker { own = try ask(group, clock) }
      if group.rank == 0 { try answer(asker, group, clock) }
    }
    // The other ranks of a host learn what their first one found.
    var all = Array(repeating: own, count: group.size)
    try withUnsafeBytes(of: own) { input in
      try all.withUnsafeMutableBytes { try group.allGather(input, into: $0) }
    }
    return all[topology.localRanks[0]]
  }

  private static func ask(_ group: any ProcessGroup, _ clock: () -> UInt64) throws -> Sample {
    var best = Sample(time: 0, offset: 0, roundTrip: .max)
    for _ in 0..<rounds {
      let begin = clock()
      var theirs = begin
      try withUnsafeBytes(of: begin) { try group.send($0, to: 0, tag: tag) }
      try withUnsafeMutableBytes(of: &theirs) { try group.receive($0, from: 0, tag: tag) }
      let roundTrip = clock() - begin
      guard roundTrip < best.roundTrip else { continue }
      let middle = begin + roundTrip / 2
      best = Sample(
        time: middle, offset: Int64(theirs) - Int64(middle), roundTrip: roundTrip)
    }
    return best
  }

  private static func answer(
    _ asker: Int, _ group: any ProcessGroup, _ clock: () -> UInt64
  ) throws {
    for _ in 0..<rounds {
      var time: UInt64 = 0
      try withUnsafeMutableBytes(of: &time) { try group.receive($0, from: asker, tag: tag) }
      time = clock()
      try withUnsafeBytes(of: time) { try group.send($0, to: asker, tag: tag) }
    }
  }
}
