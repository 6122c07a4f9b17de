/// The nodes ready to run, highest creation number first.
///
/// A binary heap of one pass. Nodes are alive for the whole pass, held by its roots, so the heap keeps
/// unmanaged references.
struct ReadyHeap {
  private var nodes = ContiguousArray<Unmanaged<Node>>()

  var isEmpty: Bool { nodes.isEmpty }

  mutating func push(_ node: Unmanaged<Node>) {
    nodes.append(node)
    var child = nodes.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if key(nodes[parent]) >= key(node) { break }
      nodes[child] = nodes[parent]
      child = parent
    }
    nodes[child] = node
  }

  mutating func pop() -> Unmanaged<Node>? {
    guard let last = nodes.popLast() else { return nil }
    guard let top = nodes.first else { return last }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= nodes.count { break }
      if child + 1 < nodes.count && key(nodes[child + 1]) > key(nodes[child]) { child += 1 }
      if key(last) >= key(nodes[child]) { break }
      nodes[parent] = nodes[child]
      parent = child
    }
    nodes[parent] = last
    return top
  }

  @inline(__always) private func key(_ node: Unmanaged<Node>) -> UInt64 {
    node._withUnsafeGuaranteedRef { $0.sequence }
  }
}
