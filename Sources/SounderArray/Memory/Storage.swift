import CKernels

/// Reference-counted bytes that views share, with the version counter in-place writes bump.
///
/// The bytes come from the caching allocator, or from memory somebody else owns (a shared region, a
/// mapped file), kept alive by `owner`.
public final class Storage: @unchecked Sendable {
  // @unchecked: where the bytes lie changes only in `move(to:owner:)`, before other threads use them;
  // the counter is atomic; the bytes follow the rule of all arrays, that a writer has no concurrent
  // reader unless it uses atomic kernels. For the same reasons exclusivity is not checked at run time.

  /// The first byte, 64-byte aligned when the storage was allocated here.
  @exclusivity(unchecked) public private(set) var base: UnsafeMutableRawPointer
  /// The number of usable bytes.
  public let byteCount: Int
  @exclusivity(unchecked) private var owner: AnyObject?
  @exclusivity(unchecked) @usableFromInline var counter: UInt32 = 0

  /// Uninitialised bytes from the caching allocator.
  public init(byteCount: Int) {
    base = Allocator.allocate(byteCount)
    self.byteCount = byteCount
    owner = nil
  }

  /// Memory that `owner` keeps alive; it is neither allocated nor freed here.
  public init(base: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
    self.base = base
    self.byteCount = byteCount
    self.owner = owner
  }

  deinit { if owner == nil { Allocator.deallocate(base, byteCount) } }

  /// Lets the storage, and with it all views of it, stand for other memory of the same size.
  ///
  /// The elements are not copied. Parameters move into shared regions this way.
  package func move(to base: UnsafeMutableRawPointer, owner: AnyObject) {
    if self.owner == nil { Allocator.deallocate(self.base, byteCount) }
    self.base = base
    self.owner = owner
  }

  /// How often the bytes were changed in place; views and detached arrays share the count.
  @inlinable public var version: UInt32 { ck_load_relaxed_u32(&counter) }

  /// Records an in-place change, also for writers this library does not see (BLAS, MPI, C).
  @inlinable public func incrementVersion() { ck_increment_u32(&counter) }
}
