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
    /// Written by the owning thread alone, read by others for the statistics.
    var count: UInt64 = 0
    var limit: UInt64
  }

  /// A block of at least `byteCount` bytes, aligned to 64.
  @inline(__always)
  static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let sizeClass = SizeClass.index(byteCount)
    if let cache = ck_thread().pointee.allocator_cache {
      let magazine = cache.assumingMemoryBound(to: Magazine.self) + sizeClass
      if let block = magazine.pointee.head {
        magazine.pointee.head = block.load(as: UnsafeMutableRawPointer?.self)
        ck_store_relaxed_u64(&magazine.pointee.count, magazine.pointee.count &- 1)
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
      let magazine = cache.assumingMemoryBound(to: Magazine.self) + sizeClass
      if magazine.pointee.count < magazine.pointee.limit {
        push(block, magazine)
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
    ck_store_relaxed_u64(&magazine.pointee.count, magazine.pointee.count &+ 1)
  }

  @inline(never)
  private static func allocateSlowly(_ sizeClass: Int) -> UnsafeMutableRawPointer {
    let magazine = magazines() + sizeClass
    // One block for the caller, the rest of half a magazine for the next calls.
    let taken = BlockPool.shared.take(sizeClass, upTo: max(Int(magazine.pointee.limit / 2), 1))
    guard let block = taken.head else {
      return BlockPool.shared.allocateFromSystem(SizeClass.byteCount(sizeClass))
    }
    magazine.pointee.head = block.load(as: UnsafeMutableRawPointer?.self)
    ck_store_relaxed_u64(&magazine.pointee.count, UInt64(taken.count - 1))
    return block
  }

  @inline(never)
  private static func deallocateSlowly(_ block: UnsafeMutableRawPointer, _ sizeClass: Int) {
    let magazine = magazines() + sizeClass
    if magazine.pointee.count >= magazine.pointee.limit {
      flush(magazine, sizeClass, keeping: magazine.pointee.limit / 2)
    }
    push(block, magazine)
  }

  /// Hands all but `kept` blocks of a magazine to the pool.
  private static func flush(
    _ magazine: UnsafeMutablePointer<Magazine>, _ sizeClass: Int, keeping kept: UInt64
  ) {
    guard magazine.pointee.count > kept, let first = magazine.pointee.head else { return }
    let count = Int(magazine.pointee.count - kept)
    var last = first
    for _ in 1..<count {
      if let next = last.load(as: UnsafeMutableRawPointer?.self) { last = next }
    }
    magazine.pointee.head = last.load(as: UnsafeMutableRawPointer?.self)
    ck_store_relaxed_u64(&magazine.pointee.count, kept)
    BlockPool.shared.put(sizeClass, first, last, count)
  }

  /// This thread's magazines, made at its first use of the allocator.
  private static func magazines() -> UnsafeMutablePointer<Magazine> {
    if let cache = ck_thread().pointee.allocator_cache {
      return cache.assumingMemoryBound(to: Magazine.self)
    }
    let magazines = UnsafeMutablePointer<Magazine>.allocate(capacity: SizeClass.count)
    for index in 0..<SizeClass.count {
      let limit = UInt64(SizeClass.magazineLimit(index))
      (magazines + index).initialize(to: Magazine(limit: limit))
    }
    ck_thread().pointee.allocator_cache = UnsafeMutableRawPointer(magazines)
    pthread_setspecific(exitKey, magazines)
    BlockPool.shared.register(magazines)
    return magazines
  }

  /// A key whose destructor gives a finished thread's blocks to the pool.
  private static let exitKey: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { memory in
      guard let magazines = memory?.assumingMemoryBound(to: Magazine.self) else { return }
      flushAll(magazines)
      BlockPool.shared.unregister(magazines)
      ck_thread().pointee.allocator_cache = nil
      magazines.deallocate()
    }
    return key
  }()

  private static func flushAll(_ magazines: UnsafeMutablePointer<Magazine>) {
    for index in 0..<SizeClass.count { flush(magazines + index, index, keeping: 0) }
  }

  /// Hands this thread's free blocks to the pool.
  static func flushThread() { flushAll(magazines()) }
}
