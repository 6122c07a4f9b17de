import CKernels

/// Releases graphs without recursion.
///
/// Dropping the last reference to a chain of nodes would run one deinitialiser inside the other and
/// overflow the stack after some ten thousand nodes. Instead the outermost release on a thread collects
/// the nodes that become free further down in a list and lets go of them one by one.
enum GraphRelease {
  @inline(__always) static func release(_ reference: inout Node?) {
    guard let node = reference.take(), !node.isLeaf else { return }
    release(node)
  }

  private static func release(_ node: consuming Node) {
    let thread = ck_thread()
    if let list = thread.pointee.release_list {
      list.assumingMemoryBound(to: ContiguousArray<Node>.self).pointee.append(node)
      return
    }
    var waiting = ContiguousArray<Node>()
    withUnsafeMutablePointer(to: &waiting) { list in
      thread.pointee.release_list = UnsafeMutableRawPointer(list)
      drop(node)
      while let next = list.pointee.popLast() { drop(next) }
      thread.pointee.release_list = nil
    }
  }

  @inline(never) private static func drop(_ node: consuming Node) {}
}
