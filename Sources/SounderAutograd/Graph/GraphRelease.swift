import CKernels

/// Releases graphs without recursion.
///
/// Dropping the last reference to a chain of nodes would run one deinitialiser inside the other and
/// overflow the stack after some ten thousand nodes. Instead the outermost release on a thread collects
/// the nodes that become free further down in a list and lets go of them one by one.
enum GraphRelease {
  /// Nodes that wait for their release on one thread.
  private final class Waiting {
    var nodes = ContiguousArray<Node>()
  }

  /// Empties a reference; what becomes free further down is released without recursion.
  @inline(__always) static func release(_ reference: inout Node?) {
    // Somebody else's node needs no care: that owner will release it through here.
    if isKnownUniquelyReferenced(&reference) { releaseLast(&reference) } else { reference = nil }
  }

  @inline(never) private static func releaseLast(_ reference: inout Node?) {
    if let list = ck_release_list() { return append(&reference, to: list) }
    // The list escapes into C, and releases happen in functions of their own: the optimiser would
    // otherwise take it for a list that stays empty, or release the node before there is one.
    let list = Unmanaged.passRetained(Waiting()).toOpaque()
    ck_set_release_list(list)
    append(&reference, to: list)
    while releaseNext(list) {}
    ck_set_release_list(nil)
    Unmanaged<Waiting>.fromOpaque(list).release()
  }

  @inline(never) private static func append(
    _ reference: inout Node?, to list: UnsafeMutableRawPointer
  ) {
    guard let node = reference.take() else { return }
    Unmanaged<Waiting>.fromOpaque(list)._withUnsafeGuaranteedRef { $0.nodes.append(node) }
  }

  /// Lets go of one node; false if none waits.
  @inline(never) private static func releaseNext(_ list: UnsafeMutableRawPointer) -> Bool {
    Unmanaged<Waiting>.fromOpaque(list)._withUnsafeGuaranteedRef { $0.nodes.popLast() != nil }
  }
}
