import CKernels

/// Adds partial gradients along the ``ReductionTree``, a block at a time.
///
/// Leaves are tree nodes whose sums exist somewhere in memory. A block of 16 KiB stays in the first
/// cache from the first addition to the optimiser that consumes it.
struct TreeSum {
  /// The number of words handled at once.
  static let blockCount = 4096

  /// A tree node and the address of its values.
  struct Leaf {
    let node: Range<Int>
    let base: UnsafePointer<Float>
    /// Whether the lines are claimed once they are read: another rank of the host wrote the values, for
    /// this one alone to read in its slices, and will write there again.
    var isClaimed = false
  }

  private let leaves: [Leaf]
  private let claimed: [UnsafePointer<Float>]
  private let root: Range<Int>
  private let scratch: UnsafeMutablePointer<Float>
  private let depth: Int

  /// A sum of `leaves`, which cover the tree node `root` from left to right.
  init(leaves: [Leaf], root: Range<Int>) {
    self.leaves = leaves
    claimed = leaves.filter(\.isClaimed).map(\.base)
    self.root = root
    depth = leaves.count + 1
    scratch = .allocate(capacity: depth * Self.blockCount)
  }

  func deallocate() { scratch.deallocate() }

  /// The sums of words `range` (at most ``blockCount``): an address that is valid until the next call.
  func block(_ range: Range<Int>, _ element: FlatElement = .float32) -> UnsafePointer<Float> {
    var next = leaves.startIndex
    let sum = evaluate(root, range, element, level: 0, &next)
    for base in claimed {
      ck_shared_claim(
        UnsafeMutableRawPointer(mutating: base + range.lowerBound),
        range.count * MemoryLayout<Float>.stride)
    }
    return sum
  }

  private func evaluate(
    _ node: Range<Int>, _ range: Range<Int>, _ element: FlatElement, level: Int,
    _ next: inout Int
  ) -> UnsafePointer<Float> {
    if leaves[next].node == node {
      defer { next += 1 }
      return leaves[next].base + range.lowerBound
    }
    let middle = ReductionTree.split(node)
    let left = evaluate(node.lowerBound..<middle, range, element, level: level, &next)
    let right = evaluate(middle..<node.upperBound, range, element, level: level + 1, &next)
    let target = scratch + level * Self.blockCount
    element.add(target, left, right, words: range.count)
    return UnsafePointer(target)
  }
}
