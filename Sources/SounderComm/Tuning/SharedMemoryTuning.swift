/// Sizes that decide how fast gradients move through shared memory; never a bit of the result.
public struct SharedMemoryTuning: Sendable, Hashable {
  /// The size of a gradient bucket.
  public var bucketBytes: Int
  /// Up to this size every rank sums everything itself in one round, above each sums a slice in two.
  public var crossoverBytes: Int

  /// The bucket sizes a measurement may choose.
  public static let bucketRange = (64 << 10)...(4 << 20)
  /// The cross-over sizes that work: a symmetric sum must fit into one chunk of the staging area.
  public static let crossoverRange = 0...(SharedCollectives.Sizes().chunkBytes)

  /// Sizes for ranks that cannot be measured, such as one rank a host.
  public static let standard = SharedMemoryTuning(
    bucketBytes: 256 << 10, crossoverBytes: SharedCollectives.Sizes().symmetricBytes)

  /// The given sizes.
  public init(bucketBytes: Int, crossoverBytes: Int) {
    self.bucketBytes = bucketBytes
    self.crossoverBytes = crossoverBytes
  }
}

extension ProcessGroup {
  /// Uses a cross-over between the two ways to sum.
  ///
  /// Every rank passes the same, between the same two collectives. Bits do not depend on it: both ways
  /// add along the same tree.
  public func setCrossover(bytes: Int) {
    guard let host = (self as? CollectiveGroup)?.host else { return }
    host.symmetricBytes = min(bytes, host.chunkBytes)
  }
}
