import Foundation

/// The caching allocator behind ``Storage``.
enum Allocator {
  static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    .allocate(byteCount: max(byteCount, 1), alignment: 64)
  }
  static func deallocate(_ base: UnsafeMutableRawPointer, _ byteCount: Int) { base.deallocate() }
}
