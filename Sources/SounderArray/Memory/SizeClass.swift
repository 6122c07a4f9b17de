/// The sizes in which blocks are handed out: steps of 64 bytes up to 512, then four per power of two.
///
/// A block is at most 25 % larger than what was asked for, and a freed one fits the next request of about
/// its size.
enum SizeClass {
  /// The number of classes; the largest holds 2^40 bytes.
  static let count = 8 + 31 * 4

  /// The class for a number of bytes.
  @inline(__always)
  static func index(_ byteCount: Int) -> Int {
    if byteCount <= 512 { return byteCount <= 64 ? 0 : (byteCount - 1) >> 6 }
    let last = byteCount &- 1
    let exponent = Int.bitWidth &- 1 &- last.leadingZeroBitCount
    return 8 &+ (exponent &- 9) &* 4 &+ ((last >> (exponent &- 2)) & 3)
  }

  /// The bytes of a class's blocks.
  static func byteCount(_ index: Int) -> Int {
    if index < 8 { return (index + 1) * 64 }
    let (exponent, quarter) = (index - 8).quotientAndRemainder(dividingBy: 4)
    return (5 + quarter) << (exponent + 7)
  }

  /// How many free blocks of a class a thread keeps for itself: many small ones, few large ones.
  static func magazineLimit(_ index: Int) -> Int {
    let bytes = byteCount(index)
    if bytes <= 4096 { return 256 }
    return max(4, min(64, (4 << 20) / bytes))
  }
}
