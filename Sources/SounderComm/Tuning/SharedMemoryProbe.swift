import CKernels
import SounderArray

/// Measures in a fraction of a second how the ranks of each host should share memory.
///
/// The procedure is fixed; times are those of the slowest rank, the best of several trials each, so all
/// ranks come to the same result. Gradients are rewritten before each call, as training does: what a
/// call leaves in the caches is part of its cost.
///
/// - The cross-over is the largest size up to which summing everything on every rank is no slower than
///   summing by slices.
/// - A bucket is as large as it must be for the fixed cost of its reduction to be a sixteenth of the time
///   its bytes take: larger ones leave more to do after the backward pass, smaller ones waste time.
public struct SharedMemoryProbe {
  private let group: any ProcessGroup
  private static let trials = 5
  /// What all trials of the cross-over take together, about.
  private static let budget = 0.06
  private static let candidates = (8...15).map { 1 << $0 }
  private static let bucketSizes = (small: 16 << 10, large: 512 << 10)
  private static let shareOfFixedCost = 16.0
  /// After so many seconds nothing more is repeated: with many ranks on few cores a call takes long.
  private static let patience = 0.12
  private let begin = ck_monotonic_nanoseconds()

  /// A probe; a collective of all ranks.
  public init(group: any ProcessGroup) { self.group = group }

  /// Whether any rank has run out of patience; all ranks call this.
  private func isLate() throws -> Bool {
    var elapsed = Double(ck_monotonic_nanoseconds() - begin) * 1e-9
    try withUnsafeMutableBytes(of: &elapsed) { try group.allReduce($0, .float64, .max) }
    return elapsed > Self.patience
  }

  /// The sizes that suit this machine, the same on all ranks; takes at most 200 ms unless the machine is
  /// busy with other work.
  ///
  /// - Throws: ``CommunicationError``.
  public func run() throws -> SharedMemoryTuning {
    let topology = group.topology
    // Every host must have something to measure, as the ranks of all hosts agree on each time.
    let canMeasure = (0..<topology.hostCount).allSatisfy { topology.ranks(onHost: $0).count > 1 }
    guard canMeasure, let group = group as? CollectiveGroup else { return .standard }
    return SharedMemoryTuning(
      bucketBytes: try bucketBytes(group), crossoverBytes: try crossoverBytes(group))
  }

  private func crossoverBytes(_ group: CollectiveGroup) throws -> Int {
    let host = group.host
    let given = host.symmetricBytes
    defer { host.symmetricBytes = given }
    let storage = Storage(byteCount: Self.candidates[Self.candidates.count - 1])
    func seconds(_ bytes: Int, isSymmetric: Bool, calls: Int) throws -> Double {
      let buffer = UnsafeMutableRawBufferPointer(start: storage.base, count: bytes)
      host.symmetricBytes = isSymmetric ? bytes : 0
      return try time(calls: calls) {
        rewrite(buffer)
        try host.allReduce(buffer, .float32, .sum)
      }
    }
    // With more ranks than cores a call takes a hundred times as long.
    let typical = try seconds(4096, isSymmetric: false, calls: 2)
    let measurements = 2 * Self.trials * Self.candidates.count
    let calls = min(max(Int(Self.budget / (Double(measurements) * typical)), 2), 48)
    var best = 0
    for bytes in Self.candidates where bytes <= host.chunkBytes {
      if try isLate() { break }
      let together = try seconds(bytes, isSymmetric: true, calls: calls)
      let apart = try seconds(bytes, isSymmetric: false, calls: calls)
      if together > apart { break }
      best = bytes
    }
    return best
  }

  private func bucketBytes(_ group: CollectiveGroup) throws -> Int {
    let (small, large) = Self.bucketSizes
    let ranks = group.topology.localSize
    let flagBytes = (SharedReduction.byteCount(ranks: ranks) + 4095) / 4096 * 4096
    let region = try group.makeSharedRegion(byteCount: flagBytes + ranks * large)
    let reduction = SharedReduction(region: region)
    let slots = (0..<ranks).map { region.base + flagBytes + $0 * large }
    func seconds(_ bytes: Int) throws -> Double {
      let own = UnsafeMutableRawBufferPointer(start: slots[region.localRank], count: bytes)
      return try time(calls: 8) {
        rewrite(own)
        try reduction.reduce(slots, count: bytes / 4, .float32, .sum)
      }
    }
    let (short, long) = (try seconds(small), try seconds(large))
    try withExtendedLifetime(region) { try group.barrier() }
    let perByte = max(long - short, 1e-9) / Double(large - small)
    let fixed = max(short - perByte * Double(small), 1e-7)
    return Self.powerOfTwo(near: Self.shareOfFixedCost * fixed / perByte)
  }

  /// The power of two nearest to a number of bytes, among those a bucket may have.
  static func powerOfTwo(near bytes: Double) -> Int {
    let range = SharedMemoryTuning.bucketRange
    let limited = min(max(bytes, Double(range.lowerBound)), Double(range.upperBound))
    var size = range.lowerBound
    // Nearest on a logarithmic scale: up to a factor of √2 counts as near.
    while Double(size) * 2.0.squareRoot() < limited { size *= 2 }
    return size
  }

  /// Seconds a call: the best trial of the slowest rank.
  private func time(calls: Int, _ call: () throws -> Void) throws -> Double {
    var best = Double.infinity
    for trial in 0...Self.trials {
      if trial > 1, try isLate() { break }
      try group.barrier()
      let start = ck_monotonic_nanoseconds()
      for _ in 0..<(trial == 0 ? 2 : calls) { try call() }
      let elapsed = Double(ck_monotonic_nanoseconds() - start) * 1e-9 / Double(calls)
      if trial > 0 { best = min(best, elapsed) }  // the first one warms up
    }
    try withUnsafeMutableBytes(of: &best) { try group.allReduce($0, .float64, .max) }
    return best
  }
}

/// Writes every byte, as an operator writes a gradient.
private func rewrite(_ bytes: UnsafeMutableRawBufferPointer) {
  bytes.initializeMemory(as: UInt8.self, repeating: 0)
}
