import Foundation

extension ProcessGroup {
  /// Whether the machine has a core for this rank beside the one it computes on.
  ///
  /// Ranks on one machine, in other containers too, count the cores they may use together; what is left
  /// over when each has one goes to the first of them. A collective over all ranks.
  ///
  /// - Throws: ``CommunicationError``.
  package func hasSpareCore() throws -> Bool {
    let own = CoreShare.current
    let words = CoreShare.wordCount
    var gathered = [UInt64](repeating: 0, count: words * size)
    try own.words.withUnsafeBytes { input in
      try gathered.withUnsafeMutableBytes { try allGather(input, into: $0) }
    }
    let shares = (0..<size).map { CoreShare(words: Array(gathered[$0 * words..<($0 + 1) * words])) }
    return CoreShare.hasSpareCore(rank, among: shares)
  }
}

/// Which cores of which machine a rank may use.
struct CoreShare {
  /// A number that tells the machine from others, then a bit for each core.
  let words: [UInt64]

  static let wordCount = 1 + 16

  /// That of the calling thread.
  static var current: CoreShare {
    // The same in all containers of a machine, and another on every machine.
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let machine = (boot ?? "").utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3  // FNV-1a
    }
    return CoreShare(words: [machine] + affinityMask())
  }

  private var machine: UInt64 { words[0] }
  private var cores: ArraySlice<UInt64> { words[1...] }
  private var coreCount: Int { cores.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Whether a rank gets one of the cores that its machine has beyond one for each rank.
  static func hasSpareCore(_ rank: Int, among shares: [CoreShare]) -> Bool {
    let own = shares[rank]
    // A rank that is bound to its core cannot use another's.
    guard own.coreCount > 1 else { return false }
    let neighbours = shares.indices.filter { shares[$0].machine == own.machine }
    var union = [UInt64](repeating: 0, count: wordCount - 1)
    for neighbour in neighbours {
      for (place, word) in shares[neighbour].cores.enumerated() { union[place] |= word }
    }
    let spare = union.reduce(0) { $0 + $1.nonzeroBitCount } - neighbours.count
    return neighbours.filter { shares[$0].coreCount > 1 }.prefix(max(spare, 0)).contains(rank)
  }
}
