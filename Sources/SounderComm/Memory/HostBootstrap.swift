import SounderArray

/// The little communication that making a shared region takes among the ranks of a host.
protocol HostBootstrap {
  /// Copies the words of the host's first rank to all.
  func broadcast(_ words: inout [UInt64]) throws
  /// The smallest of the values of all ranks.
  func minimum(_ value: Int64) throws -> Int64
}

extension SharedCollectives: HostBootstrap {
  func broadcast(_ words: inout [UInt64]) throws {
    try words.withUnsafeMutableBytes { try broadcast($0, localRoot: 0) }
  }

  func minimum(_ value: Int64) throws -> Int64 {
    var value = value
    try withUnsafeMutableBytes(of: &value) { try allReduce($0, .int64, .min) }
    return value
  }
}
