import CKernels
import Foundation

/// The page behind a region's bytes: proof that all ranks see the same memory, and their processors.
struct RegionTrailer {
  private static let pageBytes = 4096
  private let words: UnsafeMutablePointer<UInt64>
  private static let maskWords = 16

  init(_ mapping: RegionMapping) {
    words = mapping.base.advanced(by: mapping.byteCount - RegionTrailer.pageBytes)
      .bindMemory(to: UInt64.self, capacity: RegionTrailer.pageBytes / 8)
  }

  /// The bytes to map for a region of `byteCount`: whole pages and the trailer.
  static func mappedBytes(_ byteCount: Int) -> Int {
    (max(byteCount, 1) + pageBytes - 1) / pageBytes * pageBytes + pageBytes
  }

  /// The magic word the first rank wrote.
  var magic: UInt64 {
    get { ck_word_load(words) }
    nonmutating set { ck_word_store(words, newValue) }
  }

  /// Adds the processors this thread may use to those of the other ranks.
  func addProcessors() {
    for (index, mask) in affinityMask().prefix(RegionTrailer.maskWords).enumerated() {
      ck_word_or(words + 1 + index, mask)
    }
  }

  /// The number of processors the ranks may use together.
  var processorCount: Int {
    let count = (0..<RegionTrailer.maskWords).reduce(0) {
      $0 + ck_word_load(words + 1 + $1).nonzeroBitCount
    }
    return max(count, 1)
  }
}
