import SounderArray

/// Small values that ranks tell each other; every rank calls these, with equal counts.
extension ProcessGroup {
  /// A few words of every rank, in rank order.
  public func allGather(words: [UInt64]) throws -> [[UInt64]] {
    var all = [UInt64](repeating: 0, count: words.count * size)
    try words.withUnsafeBytes { input in
      try all.withUnsafeMutableBytes { try allGather(input, into: $0) }
    }
    return (0..<size).map { Array(all[$0 * words.count..<($0 + 1) * words.count]) }
  }

  /// A text of every rank, in rank order; texts may differ in length.
  public func allGather(text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    let lengths = try allGather(words: [UInt64(bytes.count)]).map { Int($0[0]) }
    let width = lengths.max() ?? 0
    let mine = bytes + [UInt8](repeating: 0, count: width - bytes.count)
    var all = [UInt8](repeating: 0, count: width * size)
    try mine.withUnsafeBytes { input in
      try all.withUnsafeMutableBytes { try allGather(input, into: $0) }
    }
    return lengths.enumerated().map { rank, length in
      String(decoding: all[rank * width..<rank * width + length], as: UTF8.self)
    }
  }

  /// The facts of rank `root`.
  func broadcast(_ facts: [Agreement.Fact], root: Int) throws -> [Agreement.Fact] {
    var bytes = rank == root ? Array(Agreement.Fact.encode(facts).utf8) : []
    var count = Int64(bytes.count)
    try withUnsafeMutableBytes(of: &count) { try broadcast($0, root: root) }
    if rank != root { bytes = [UInt8](repeating: 0, count: Int(count)) }
    try bytes.withUnsafeMutableBytes { try broadcast($0, root: root) }
    return Agreement.Fact.decode(String(decoding: bytes, as: UTF8.self))
  }
}

extension Agreement.Fact {
  // ASCII's own separators occur in no name or value that people read.
  private static let unit: Character = "\u{1F}"
  private static let record: Character = "\u{1E}"

  static func encode(_ facts: [Self]) -> String {
    facts.map(\.encoded).joined(separator: String(record))
  }

  static func decode(_ text: String) -> [Self] {
    text.split(separator: record).compactMap { Self(encoded: String($0)) }
  }

  var encoded: String { [subject.rawValue, name, value].joined(separator: String(Self.unit)) }

  /// Nil if the text is no fact, as the empty text stands for none.
  init?(encoded: String) {
    let parts = encoded.split(separator: Self.unit, omittingEmptySubsequences: false)
    guard parts.count == 3, let subject = Agreement.Subject(rawValue: String(parts[0])) else {
      return nil
    }
    self.init(subject: subject, name: String(parts[1]), value: String(parts[2]))
  }
}
