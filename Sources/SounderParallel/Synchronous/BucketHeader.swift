/// What travels with a bucket beside its sums: which parameters were used, and whether all is well.
///
/// A rank writes the header of a bucket before it publishes the bucket; the headers of all ranks are
/// joined by *or*, on the host and over hosts. So every rank knows of every parameter whether any shard
/// of any rank used it, without a round of its own.
struct BucketHeader: Sendable, Hashable {
  /// Word 0 holds the flags, the others one bit for each parameter of the bucket.
  private(set) var words: [UInt64]

  /// The words a bucket of a number of parameters takes.
  static func wordCount(parameters: Int) -> Int { 1 + (parameters + 63) / 64 }

  /// A header of a bucket whose parameters nobody has used.
  init(parameters: Int) {
    words = Array(repeating: 0, count: Self.wordCount(parameters: parameters))
  }

  /// The header written as words.
  init(words: [UInt64]) { self.words = words }

  /// Whether the step must not be taken, because some rank refused its gradients.
  var isRefused: Bool { words[0] & 1 != 0 }

  /// Marks the step as one that must not be taken.
  mutating func refuse() { words[0] |= 1 }

  /// Whether the parameter at a place of the bucket was used.
  func isTouched(_ place: Int) -> Bool { words[1 + place / 64] >> UInt64(place % 64) & 1 != 0 }

  /// Marks the parameter at a place of the bucket as used.
  mutating func touch(_ place: Int) { words[1 + place / 64] |= 1 << UInt64(place % 64) }

  /// Joins what another rank knows.
  mutating func formUnion(_ other: UnsafePointer<UInt64>) {
    for index in words.indices { words[index] |= other[index] }
  }

  /// Writes the words where other ranks read them.
  func write(to target: UnsafeMutablePointer<UInt64>) {
    for (index, word) in words.enumerated() { target[index] = word }
  }
}
