import CKernels
import Foundation

/// The caching allocator behind ``Storage``.
///
/// Every thread keeps magazines of free blocks, one per size class, and uses them without a lock. A full
/// magazine gives half its blocks to the shared ``BlockPool``, an empty one takes from there, and
/// only an empty pool asks the system. A training step repeats the sizes of the step before, so it asks
/// the system for nothing. Free blocks are chained through their own first word.
enum Allocator {
  /// Free blocks of one size class.
  struct Magazine {
    var head: UnsafeMutableRawPointer?
    var count = 0
    var limit: Int
  }

  /// What a thread owns: its magazines and its share of the statistics.
  struct ThreadCache {
    var magazines: UnsafeMutablePointer<Magazine>
    /// Bytes allocated minus bytes freed by this thread; two's complement, read by others.
    var bytesInUse: UInt64 = 0
    /// Bytes in this thread's magazines.
    var bytesCached: UInt64 = 0
  }

  /// A block of at least `byteCount` bytes, aligned to 64.
  @inline(__always)
  static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let sizeClass = SizeClass.index(byteCount)
    if let cache = ck_thread().pointee.allocator_cache {
      let cache = cache.assumingMemoryBound(to: ThreadCache.self)
      let magazine = cache.pointee.magazines + sizeClass
      if let block = magazine.pointee.head {
        magazine.pointee.head = block.load(as: UnsafeMutableRawPointer?.self)
        magazine.pointee.count &-= 1
        account(cache, sizeClass, inUse: 1, cached: -1)
        return block
      }
    }
    return allocateSlowly(sizeClass)
  }

  /// Returns a block that was allocated with the same `byteCount`.
  @inline(__always)
  static func deallocate(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
    let sizeClass = SizeClass.index(byteCount)
    if let cache = ck_thread().pointee.allocator_cache {
      let cache = cache.assumingMemoryBound(to: ThreadCache.self)
      let magazine = cache.pointee.magazines + sizeClass
      if magazine.pointee.count < magazine.pointee.limit {
        push(block, magazine)
        account(cache, sizeClass, inUse: -1, cached: 1)
        return
      }
    }
    deallocateSlowly(block, sizeClass)
  }

  @inline(__always)
  private static func push(
    _ block: UnsafeMutableRawPointer, _ magazine: UnsafeMutablePointer<Magazine>
  ) {
    block.storeBytes(of: magazine.pointee.head, as: UnsafeMutableRawPointer?.self)
    magazine.pointee.head = block
    magazine.pointee.count &+= 1
  }

  /// Only the owning thread writes its counters, so a relaxed load and store suffice.
  @inline(__always)
  private static func account(
    _ cache: UnsafeMutablePointer<ThreadCache>, _ sizeClass: Int, inUse: Int, cached: Int
  ) {
    let bytes = SizeClass.byteCount(sizeClass)
    ck_store_relaxed_u64(
      &cache.pointee.bytesInUse,
      cache.pointee.bytesInUse &+ UInt64(bitPattern: Int64(inUse &* bytes)))
    ck_store_relaxed_u64(
      &cache.pointee.bytesCached,
      cache.pointee.bytesCached &+ UInt64(bitPattern: Int64(cached &* bytes)))
  }

  @inline(never)
  private static func allocateSlowly(_ sizeClass: Int) -> UnsafeMutableRawPointer {
    let cache = threadCache()
    let magazine = cache.pointee.magazines + sizeClass
    // One block for the caller, the rest of half a magazine for the next calls.
    let taken = BlockPool.shared.take(sizeClass, upTo: max(magazine.pointee.limit / 2, 1))
    guard let block = taken.head else {
      account(cache, sizeClass, inUse: 1, cached: 0)
      return BlockPool.shared.allocateFromSystem(SizeClass.byteCount(sizeClass))
    }
    magazine.pointee.head = block.load(as: UnsafeMutableRawPointer?.self)
    magazine.pointee.count = taken.count - 1
    account(cache, sizeClass, inUse: 1, cached: taken.count - 1)
    return block
  }

  @inline(never)
  private static func deallocateSlowly(_ block: UnsafeMutableRawPointer, _ sizeClass: Int) {
    let cache = threadCache()
    let magazine = cache.pointee.magazines + sizeClass
    if magazine.pointee.count >= magazine.pointee.limit {
      flush(cache, sizeClass, keeping: magazine.pointee.limit / 2)
    }
    push(block, magazine)
    account(cache, sizeClass, inUse: -1, cached: 1)
  }

  /// Hands all but `kept` blocks of a magazine to the pool.
  private static func flush(
    _ cache: UnsafeMutablePointer<ThreadCache>, _ sizeClass: Int, keeping kept: Int
  ) {
    let magazine = cache.pointee.magazines + sizeClass
    let count = magazine.pointee.count - kept
    guard count > 0, let first = magazine.pointee.head else { return }
    var last = first
    for _ in 1..<count {
      if let next = last.load(as: UnsafeMutableRawPointer?.self) { last = next }
    }
    magazine.pointee.head = last.load(as: UnsafeMutableRawPointer?.self)
    magazine.pointee.count = kept
    account(cache, sizeClass, inUse: 0, cached: -count)
    BlockPool.shared.put(sizeClass, first, last, count)
  }

  private static func threadCache() -> UnsafeMutablePointer<ThreadCache> {
    if let cache = ck_thread().pointee.allocator_cache {
      return cache.assumingMemoryBound(to: ThreadCache.self)
    }
    let magazines = UnsafeMutablePointer<Magazine>.allocate(capacity: SizeClass.count)
    for index in 0..<SizeClass.count {
      (magazines + index).initialize(to: Magazine(limit: SizeClass.magazineLimit(index)))
    }
    let cache = UnsafeMutablePointer<ThreadCache>.allocate(capacity: 1)
    cache.initialize(to: ThreadCache(magazines: magazines))
    ck_thread().pointee.allocator_cache = UnsafeMutableRawPointer(cache)
    pthread_setspecific(exitKey, cache)
    BlockPool.shared.register(cache)
    return cache
  }

  /// A key whose destructor gives a finished thread's blocks to the pool.
  private static let exitKey: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { memory in
      guard let memory else { return }
      releaseThreadCache(memory.assumingMemoryBound(to: ThreadCache.self))
    }
    return key
  }()

  private static func releaseThreadCache(_ cache: UnsafeMutablePointer<ThreadCache>) {
    for index in 0..<SizeClass.count { flush(cache, index, keeping: 0) }
    BlockPool.shared.unregister(cache)
    ck_thread().pointee.allocator_cache = nil
    cache.pointee.magazines.deallocate()
    cache.deallocate()
  }

  /// Hands this thread's free blocks to the pool.
  static func flushThread() {
    let cache = threadCache()
    for index in 0..<SizeClass.count { flush(cache, index, keeping: 0) }
  }
}
