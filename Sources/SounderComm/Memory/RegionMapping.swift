import CKernels
import Foundation

/// One mapping of memory, unmapped when the last reference goes.
final class RegionMapping: @unchecked Sendable {
  // @unchecked: both properties are constant.
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  private init(base: UnsafeMutableRawPointer, byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
  }

  deinit { munmap(base, byteCount) }

  /// Zeroed memory of this process.
  static func anonymous(byteCount: Int) throws -> RegionMapping {
    let mapping = try RegionMapping(map: byteCount, MAP_PRIVATE | MAP_ANONYMOUS, -1)
    try mapping.populate()
    return mapping
  }

  /// The bytes of an open memory file; pages come with ``populate()``.
  static func file(_ descriptor: Int32, byteCount: Int) throws -> RegionMapping {
    try RegionMapping(map: byteCount, MAP_SHARED, descriptor)
  }

  private convenience init(map byteCount: Int, _ flags: Int32, _ descriptor: Int32) throws {
    let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, descriptor, 0)
    guard let base, base != MAP_FAILED else {
      throw CommunicationError.system(
        errno, call: "mmap of \(byteCount) bytes", advice: "free memory or use a smaller model")
    }
    self.init(base: base, byteCount: byteCount)
  }

  /// Makes all pages present now, large where the system gives large ones, so that no page fault
  /// is left for the first step.
  func populate() throws {
    madvise(base, byteCount, Int32(MADV_HUGEPAGE))  // refused for memory files on many systems
    let populateWrite: Int32 = 23  // MADV_POPULATE_WRITE, Linux 5.14
    while madvise(base, byteCount, populateWrite) != 0 {
      switch errno {
      case EINTR, EAGAIN: continue
      case EINVAL: return touch()
      default:
        throw CommunicationError.system(
          errno, call: "madvise of \(byteCount) bytes", advice: "free memory or use a smaller model"
        )
      }
    }
  }

  /// Faults all pages in without changing what another process may already have written.
  private func touch() {
    for offset in stride(from: 0, to: byteCount, by: 4096) {
      ck_word_or(base.advanced(by: offset).assumingMemoryBound(to: UInt64.self), 0)
    }
  }
}
