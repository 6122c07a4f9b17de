import SounderParallel

/// How much memory a job needs, for each rank and for the host with the most ranks.
///
/// A *rank's* memory is what is its process's alone. A *host's* is that of all its ranks, and once for all
/// of them what they share and the pages of program and libraries.
public struct MemoryPlan: Sendable {
  /// A named part.
  public struct Item: Sendable {
    /// What it is.
    public let name: String
    /// How much it is.
    public let bytes: Int
  }

  /// Where the ranks run.
  public let placement: JobPlacement
  /// Whether steps were really taken; otherwise activations are an estimate.
  public let isRehearsed: Bool
  /// What every process has of its own: the bare program and the data.
  public let process: [Item]
  /// What every rank adds.
  public let rank: [Item]
  /// What the first rank of a host has besides.
  public let firstRank: [Item]
  /// What the ranks of a host share.
  public let shared: [Item]
  /// Pages of the program and its libraries, once per host.
  public let programBytes: Int

  /// Memory of one rank's own, the first of its host; ranks that are threads divide their process among them.
  public var rankBytes: Int { otherRankBytes + firstRank.byteCount }

  private var otherRankBytes: Int {
    let own = rank.byteCount
    if case .threads(let count) = placement { return own + process.byteCount / count }
    return own + process.byteCount
  }

  /// Memory that the ranks of a host share.
  public var sharedBytes: Int { shared.byteCount }

  /// Memory of the host with the most ranks.
  public var hostBytes: Int {
    otherRankBytes * placement.topology.localSize + firstRank.byteCount + sharedBytes + programBytes
  }

  /// The plan as a member of JSON output.
  public var json: JSONObject {
    func list(_ items: [Item]) -> JSONValue {
      .object(JSONObject(items.map { ($0.name, .integer($0.bytes)) }))
    }
    return [
      "ranks": .integer(placement.ranks), "hosts": .integer(placement.hosts),
      "rank_bytes": .integer(rankBytes), "shared_bytes": .integer(sharedBytes),
      "host_bytes": .integer(hostBytes), "rehearsed": .bool(isRehearsed),
      "process": list(process), "rank": list(rank),
      "first_rank": list(firstRank), "shared": list(shared),
      "program_bytes": .integer(programBytes),
    ]
  }
}

extension [MemoryPlan.Item] {
  /// The sum of all parts.
  var byteCount: Int { reduce(0) { $0 + $1.bytes } }
}

extension MemoryPlan: CustomStringConvertible {
  /// A table of all parts, in MiB.
  public var description: String {
    var lines = ["memory      \(placement)\(isRehearsed ? "" : ", activations only estimated")"]
    func add(_ name: String, _ bytes: Int, _ indent: Int) {
      let padding = String(repeating: " ", count: 12 + indent)
      let number = Self.mebibytes(bytes)
      let gap = String(repeating: " ", count: max(54 - indent - name.count - number.count, 1))
      lines.append(padding + name + gap + number + " MiB")
    }
    add("per rank", rankBytes, 0)
    let isThreads = if case .threads = placement { true } else { false }
    for item in process { add(item.name + (isThreads ? ", one for all" : ""), item.bytes, 2) }
    for item in rank { add(item.name, item.bytes, 2) }
    for item in firstRank { add(item.name + ", first rank of a host", item.bytes, 2) }
    add("shared by the ranks of a host", sharedBytes, 0)
    for item in shared { add(item.name, item.bytes, 2) }
    add("program and libraries, once per host", programBytes, 0)
    add("per host, \(placement.topology.localSize) ranks", hostBytes, 0)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func mebibytes(_ bytes: Int) -> String {
    let tenths = (bytes * 10 + (1 << 19)) >> 20
    return "\(tenths / 10).\(tenths % 10)"
  }
}
