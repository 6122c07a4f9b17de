import CKernels

/// Releases graphs without recursion.
///
/// Dropping the last reference to a chain of nodes would run one deinitialiser inside the other and
/// overflow the stack after some ten thousand nodes. Instead the outermost release on a thread collects
/// the nodes that become free further down in a list and lets go of them one by one.
enum GraphRelease {
  /// Empties a reference; what becomes free further down is released without recursion.
  @inline(__always) static func release(_ reference: inout Node?) {
    guard let isLeaf = reference?.isLeaf, !isLeaf else {
      reference = nil
      return
    }
    guard let list = ck_thread().pointee.release_list else { return drain(&reference) }
    if let node = reference.take() {
      list.assumingMemoryBound(to: ContiguousArray<Node>.self).pointee.append(node)
    }
  }

  @inline(never) private static func drain(_ reference: inout Node?) {
    let thread = ck_thread()
    var waiting = ContiguousArray<Node>()
    withUnsafeMutablePointer(to: &waiting) { list in
      thread.pointee.release_list = UnsafeMutableRawPointer(list)
      reference = nil
      while !list.pointee.isEmpty { list.pointee.removeLast() }
      thread.pointee.release_list = nil
    }
  }
}
