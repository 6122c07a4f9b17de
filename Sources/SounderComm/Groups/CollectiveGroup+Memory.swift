extension CollectiveGroup {
  /// The bytes the ranks of a host share for collectives and messages, before any region is made.
  ///
  /// - Parameter localSize: the ranks on the host.
  public static func sharedByteCount(localSize: Int) -> Int {
    RegionTrailer.mappedBytes(SharedCollectives.byteCount(ranks: localSize))
  }
}
