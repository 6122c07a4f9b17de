import CKernels
import SounderArray

/// One backward pass: everything that belongs to this run over a graph, on the thread that called it.
///
/// Nodes run in descending order of creation, which is a valid order and the same on every rank.
/// Dependency counts exist for one reason: a leaf is complete, and its gradient may be sent to other
/// ranks, as soon as its last contribution arrived, long before the pass ends. Leaves therefore bypass
/// the heap.
///
/// Several passes may run at once, on shared nodes too; a pass may be started from inside a node.
public final class BackwardPass {
  let id: UInt64
  let retainGraph: Bool
  let createGraph: Bool
  let accumulates: Bool
  /// What joins this pass with those of other ranks; nil for a pass of its own.
  package let coordination: PassCoordination?
  /// Called with the graph before the first node runs.
  var plan: ((PassGraph) throws -> Void)?
  @exclusivity(unchecked) var heap = ReadyHeap()
  /// Every node this pass has reached, in the order of discovery.
  @exclusivity(unchecked) var reached = ContiguousArray<Unmanaged<Node>>()
  @exclusivity(unchecked) var foreign: [ObjectIdentifier: ForeignState] = [:]
  @exclusivity(unchecked) var captures: [ObjectIdentifier: [Capture]] = [:]
  var captured: [Tensor?] = []
  var finalCallbacks: [() throws -> Void] = []
  var failureCallbacks: [(any Error) -> Void] = []

  /// The gradients of the outputs of the node that is running.
  @exclusivity(unchecked) var incoming0: Tensor?
  @exclusivity(unchecked) var incomingMore: [Tensor?] = []
  /// What the running node has sent, by edge.
  @exclusivity(unchecked) var outgoing0: Tensor?
  @exclusivity(unchecked) var outgoing1: Tensor?
  @exclusivity(unchecked) var outgoing2: Tensor?
  @exclusivity(unchecked) var outgoingMore: [Tensor?] = []
  @exclusivity(unchecked) unowned(unsafe) var running: Node?
  /// The edges of the running node whose gradients are wanted, as bits.
  @exclusivity(unchecked) var neededEdges: UInt64 = 0

  /// A gradient somebody asked for: the slot of a node and its place among the results.
  struct Capture {
    let slot: Int
    let index: Int
  }

  init(
    retainGraph: Bool, createGraph: Bool, accumulates: Bool, coordination: PassCoordination? = nil
  ) {
    id = ck_next_sequence()
    self.coordination = coordination
    self.retainGraph = retainGraph
    self.createGraph = createGraph
    self.accumulates = accumulates
  }
}

extension BackwardPass {
  /// The number of this thread's pass if it drops the saved tensors it reads, else 0.
  ///
  /// Of several such passes over one graph the first to read a node's saved tensors has them: a second
  /// would otherwise succeed or fail depending on how far the first has come.
  @inline(__always) static var consuming: UInt64 {
    guard let current = ck_thread().pointee.backward_pass else { return 0 }
    return Unmanaged<BackwardPass>.fromOpaque(current)._withUnsafeGuaranteedRef {
      $0.retainGraph ? 0 : $0.id
    }
  }
}

// What a node's `apply` uses.
extension BackwardPass {
  /// The gradient of an output; nil if nothing arrived there.
  @inline(__always) public func gradient(_ slot: Int) -> Tensor? {
    slot == 0 ? incoming0 : slot - 1 < incomingMore.count ? incomingMore[slot - 1] : nil
  }

  /// Whether this pass wants the gradient of an input.
  @inline(__always) public func needs(_ edge: Int) -> Bool {
    edge < 64 ? neededEdges >> UInt64(truncatingIfNeeded: edge) & 1 != 0 : needsFar(edge)
  }

  @inline(never) private func needsFar(_ edge: Int) -> Bool {
    guard let target = running?.edge(edge).node else { return false }
    return captures.isEmpty || withState(of: target) { $0.isNeeded || $0.isCaptured }
  }

  /// The edges of a node, as bits, whose gradients a pass with requested inputs wants.
  func wantedEdges(of node: Node) -> UInt64 {
    var mask: UInt64 = 0
    for index in 0..<min(node.edgeCount, 64) {
      guard let target = node.edge(index).node else { continue }
      if withState(of: target, { $0.isNeeded || $0.isCaptured }) { mask |= 1 << UInt64(index) }
    }
    return mask
  }

  /// The memory the gradient of an input should be written to, if this is its only contribution.
  public func destination(_ edge: Int) -> GradientDestination? {
    guard accumulates, !createGraph, captures.isEmpty, coordination == nil, let running,
      let target = running.edge(edge).node, target.isLeaf
    else { return nil }
    let isOnly = withState(of: target) { $0.pending == 1 && $0.first == nil }
    return isOnly ? unsafeDowncast(target, to: GradientAccumulator.self).freshDestination : nil
  }

  /// Hands over the gradient of an input; nil means that there is no contribution.
  @inline(__always) public func send(_ edge: Int, _ gradient: Tensor?) {
    switch edge {
    case 0: outgoing0 = gradient
    case 1: outgoing1 = gradient
    case 2: outgoing2 = gradient
    default:
      while outgoingMore.count <= edge - 3 { outgoingMore.append(nil) }
      outgoingMore[edge - 3] = gradient
    }
  }
}

// Claiming nodes and reaching their state.
extension BackwardPass {
  /// The state of a node in this pass, which must have been reached.
  @inline(__always)
  func withState<Result>(of node: Node, _ body: (inout NodeState) throws -> Result) rethrows
    -> Result
  {
    if ck_load_relaxed_u64(&node.owner) == id { return try body(&node.state) }
    return try withForeignState(of: node, body)
  }

  @inline(never)
  private func withForeignState<Result>(
    of node: Node, _ body: (inout NodeState) throws -> Result
  ) rethrows -> Result {
    guard let entry = foreign[ObjectIdentifier(node)] else {
      fatalError("backward: \(node.name) was reached without having been counted")
    }
    return try body(&entry.state)
  }

  /// Takes a node into this pass; true if it is new to it.
  @inline(__always) func claim(_ node: Node) -> Bool {
    let owner = ck_load_relaxed_u64(&node.owner)
    if owner == id { return false }
    // A node met while another pass had it stays foreign, even if that pass is over by now.
    if !foreign.isEmpty && foreign[ObjectIdentifier(node)] != nil { return false }
    if owner == 0 && ck_claim_u64(&node.owner, id) { return true }
    foreign[ObjectIdentifier(node)] = ForeignState()
    return true
  }

  /// Gives a node back, with nothing of this pass left in it.
  @inline(__always) func release(_ node: Node) {
    guard ck_load_relaxed_u64(&node.owner) == id else { return }
    node.state = NodeState()
    ck_disclaim_u64(&node.owner)
  }
}
