import CKernels
import Foundation

/// The free blocks that belong to no thread, and the system's memory behind them.
final class BlockPool: @unchecked Sendable {
  // @unchecked: `lock` protects everything.

  static let shared = BlockPool()

  /// Blocks of this many bytes and more are mapped on their own, on huge pages.
  static let mappedSize = 2 << 20
  /// Free blocks beyond this many bytes go back to the system.
  private static let cachedBytesLimit = 4 << 30

  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let heads: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private var counts = [Int](repeating: 0, count: SizeClass.count)
  private var threads: [UnsafeMutablePointer<Allocator.Magazine>] = []
  private var bytesCached = 0
  private var systemAllocations = 0
  private var systemBytes = 0

  private init() {
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    heads = .allocate(capacity: SizeClass.count)
    heads.initialize(repeating: nil, count: SizeClass.count)
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }

  /// A chain of at most `limit` blocks.
  func take(_ sizeClass: Int, upTo limit: Int) -> (head: UnsafeMutableRawPointer?, count: Int) {
    locked {
      guard let first = heads[sizeClass] else { return (nil, 0) }
      let count = min(limit, counts[sizeClass])
      var last = first
      for _ in 1..<max(count, 1) {
        if let next = last.load(as: UnsafeMutableRawPointer?.self) { last = next }
      }
      heads[sizeClass] = last.load(as: UnsafeMutableRawPointer?.self)
      last.storeBytes(of: nil, as: UnsafeMutableRawPointer?.self)
      counts[sizeClass] -= count
      bytesCached -= count * SizeClass.byteCount(sizeClass)
      return (first, count)
    }
  }

  /// Adds a chain of blocks, from `first` to `last`.
  func put(
    _ sizeClass: Int, _ first: UnsafeMutableRawPointer, _ last: UnsafeMutableRawPointer,
    _ count: Int
  ) {
    let overflows = locked {
      last.storeBytes(of: heads[sizeClass], as: UnsafeMutableRawPointer?.self)
      heads[sizeClass] = first
      counts[sizeClass] += count
      bytesCached += count * SizeClass.byteCount(sizeClass)
      return bytesCached > Self.cachedBytesLimit
    }
    if overflows { releaseAll() }
  }

  /// Returns every block of the pool to the system.
  func releaseAll() {
    for sizeClass in 0..<SizeClass.count {
      var block = take(sizeClass, upTo: .max).head
      while let current = block {
        block = current.load(as: UnsafeMutableRawPointer?.self)
        releaseToSystem(current, SizeClass.byteCount(sizeClass))
      }
    }
  }

  /// A new block.
  func allocateFromSystem(_ byteCount: Int) -> UnsafeMutableRawPointer {
    locked {
      systemAllocations += 1
      systemBytes += byteCount
    }
    if byteCount < Self.mappedSize {
      return .allocate(byteCount: byteCount, alignment: 64)
    }
    // Mapped with room to cut the block out at a multiple of the huge page's size.
    let page = Self.mappedSize
    let mapping = mmap(
      nil, byteCount + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapping, mapping != MAP_FAILED else {
      failRequirement(
        "out of memory: the system refused \(byteCount) bytes", #fileID, #line)
    }
    let base = UnsafeMutableRawPointer(
      mapping.advanced(by: -Int(bitPattern: mapping) & (page - 1)))
    let before = base - mapping
    if before > 0 { munmap(mapping, before) }
    if before < page { munmap(base + byteCount, page - before) }
    madvise(base, byteCount, 14 /* MADV_HUGEPAGE, which Glibc's module does not export */)
    return base
  }

  private func releaseToSystem(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
    locked { systemBytes -= byteCount }
    if byteCount < Self.mappedSize { block.deallocate() } else { munmap(block, byteCount) }
  }

  /// Adds a thread's magazines to those the statistics count.
  func register(_ magazines: UnsafeMutablePointer<Allocator.Magazine>) {
    locked { threads.append(magazines) }
  }

  /// Forgets the magazines of a thread that ends.
  func unregister(_ magazines: UnsafeMutablePointer<Allocator.Magazine>) {
    locked { threads.removeAll { $0 == magazines } }
  }

  /// The sums over the pool and all threads; what is not free is in use.
  func statistics() -> AllocatorStatistics {
    locked {
      var cached = bytesCached
      for magazines in threads {
        for index in 0..<SizeClass.count {
          let count = ck_load_relaxed_u64(&(magazines + index).pointee.count)
          cached += Int(count) * SizeClass.byteCount(index)
        }
      }
      return AllocatorStatistics(
        bytesInUse: systemBytes - cached, bytesCached: cached,
        systemAllocations: systemAllocations, systemBytes: systemBytes)
    }
  }
}
