/// What the caching allocator holds.
///
/// ```swift
/// let before = AllocatorStatistics.current.systemAllocations
/// // … a training step …
/// print(AllocatorStatistics.current.systemAllocations - before)  // 0 in steady state
/// ```
public struct AllocatorStatistics: Sendable, Equatable {
  /// Bytes of the blocks that arrays hold.
  public var bytesInUse: Int
  /// Bytes of the free blocks kept for reuse.
  public var bytesCached: Int
  /// How often the system was asked for memory since the program started.
  public var systemAllocations: Int
  /// Bytes obtained from the system and not returned.
  public var systemBytes: Int

  /// The numbers of this moment, over all threads.
  public static var current: AllocatorStatistics { BlockPool.shared.statistics() }

  /// Returns the free blocks of this thread and those of no thread to the system.
  public static func releaseCachedBlocks() {
    Allocator.flushThread()
    BlockPool.shared.releaseAll()
  }
}
