import SounderAutograd

/// Which edges to other ranks a gradient can leave by, depending on where it entered this rank's
/// graph.
///
/// One pass over the graph in the order of creation, in which every node comes after those its
/// edges lead to. Sets of edges are numbered, because long chains of nodes have the same.
struct Reachability {
  private var setOfNode: [ObjectIdentifier: Int] = [:]
  private var sets: [[UInt64]] = [[]]
  private var numbers: [[UInt64]: Int] = [[]: 0]

  /// Looks at everything that can be reached from some nodes.
  init(from starts: [Node]) {
    var order: [Node] = []
    var seen: Set<ObjectIdentifier> = []
    var waiting = starts
    while let node = waiting.popLast() {
      guard seen.insert(ObjectIdentifier(node)).inserted else { continue }
      order.append(node)
      for edge in node.nextFunctions { if let target = edge.node { waiting.append(target) } }
    }
    order.sort { $0.sequence < $1.sequence }
    for node in order { setOfNode[ObjectIdentifier(node)] = merge(node) }
  }

  /// The numbers of the edges to other ranks that are reached from a node, itself included.
  func targets(of node: Node) -> [UInt64] { sets[setOfNode[ObjectIdentifier(node)] ?? 0] }

  private mutating func merge(_ node: Node) -> Int {
    var result = 0
    for edge in node.nextFunctions {
      // Leaves come last in the order of creation and lead nowhere.
      guard let target = edge.node, let set = setOfNode[ObjectIdentifier(target)] else { continue }
      result = union(result, set)
    }
    guard let end = node as? CommunicationNode, end.isTarget else { return result }
    return union(result, number(of: [end.number]))
  }

  private mutating func union(_ a: Int, _ b: Int) -> Int {
    if a == b || b == 0 { return a }
    if a == 0 { return b }
    return number(of: Set(sets[a]).union(sets[b]).sorted())
  }

  private mutating func number(of set: [UInt64]) -> Int {
    if let known = numbers[set] { return known }
    numbers[set] = sets.count
    sets.append(set)
    return sets.count - 1
  }
}
