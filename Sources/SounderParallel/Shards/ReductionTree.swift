/// The fixed binary tree along which gradients of virtual shards are added.
///
/// A node stands for the shards of a range; its children are the ranges left and right of ``split(_:)``.
/// Floating-point addition is not associative, so a sum is reproducible only if its tree is: this one
/// depends on the number of shards alone, not on how many ranks or hosts hold them.
public enum ReductionTree {
  /// Where the range of a node with at least two shards is divided: after the largest power of two
  /// that is smaller than its length.
  public static func split(_ range: Range<Int>) -> Int {
    range.lowerBound + 1 << (Int.bitWidth - 1 - (range.count - 1).leadingZeroBitCount)
  }

  /// The largest nodes of the tree over `shards` shards that together make up `range`, from left to right.
  public static func nodes(covering range: Range<Int>, of shards: Int) -> [Range<Int>] {
    cover(range, 0..<shards)
  }

  private static func cover(_ range: Range<Int>, _ node: Range<Int>) -> [Range<Int>] {
    if range.isEmpty || !range.overlaps(node) { return [] }
    if range.lowerBound <= node.lowerBound && range.upperBound >= node.upperBound { return [node] }
    let middle = split(node)
    return cover(range, node.lowerBound..<middle) + cover(range, middle..<node.upperBound)
  }

  /// The parent's range if `left` and `right` are its two children in the tree over `shards` shards.
  public static func parent(of left: Range<Int>, _ right: Range<Int>, of shards: Int) -> Range<Int>?
  {
    guard left.upperBound == right.lowerBound else { return nil }
    let joined = left.lowerBound..<right.upperBound
    guard cover(joined, 0..<shards) == [joined] else { return nil }
    return split(joined) == left.upperBound ? joined : nil
  }
}
