import CKernels
import SounderArray
import SounderTrace

/// One recorded operation: the function that turns gradients of its outputs into those of its inputs.
///
/// A node has an edge for every input and a slot for every output. Its ``sequence`` is a process-wide
/// creation number, so every edge leads from a higher number to a lower one and "highest first" is a
/// valid order of execution, the same on all ranks that ran the same program.
///
/// The first three edges and the first slot lie in the object: a node of a unary or binary operator
/// allocates nothing else. Fields are `@exclusivity(unchecked)`: the run-time checks cost more than half
/// of a small operator's time, and a node is only ever changed by the thread that records or has claimed
/// it.
open class Node {
  /// Creation number, unique in the process; leaves have the largest possible one.
  public final let sequence: UInt64
  /// Whether this is the accumulator of a leaf.
  final let isLeaf: Bool

  @exclusivity(unchecked) final var edge0 = Edge()
  @exclusivity(unchecked) final var edge1 = Edge()
  @exclusivity(unchecked) final var edge2 = Edge()
  @exclusivity(unchecked) final var moreEdges: [Edge] = []
  @exclusivity(unchecked) final var edgeCount: Int
  /// Which of the first 64 edges lead somewhere.
  @exclusivity(unchecked) final var edgeMask: UInt64 = 0

  @exclusivity(unchecked) final var slotCount = 0
  @exclusivity(unchecked) final var firstSlot = SlotMetadata(shape: Shape(), dtype: .float32)
  @exclusivity(unchecked) final var moreSlots: [SlotMetadata] = []

  /// Guards the saved tensors while several passes run over one graph.
  @exclusivity(unchecked) final var lock: UInt32 = 0
  /// Whether the saved tensors were dropped after a pass.
  @exclusivity(unchecked) final var isReleased = false
  /// The pass that read the saved tensors and will drop them, 0 if none did.
  @exclusivity(unchecked) final var consumer: UInt64 = 0
  /// The pass that uses `state`, 0 if none does.
  @exclusivity(unchecked) final var owner: UInt64 = 0
  @exclusivity(unchecked) final var state = NodeState()
  @exclusivity(unchecked) final var hooks: NodeHooks?

  /// A node with the given number of edges, all empty.
  public init(edgeCount: Int) {
    sequence = ck_next_sequence()
    isLeaf = false
    self.edgeCount = edgeCount
    if edgeCount > 3 { moreEdges = Array(repeating: Edge(), count: edgeCount - 3) }
  }

  init(leafOf slot: SlotMetadata) {
    sequence = .max
    isLeaf = true
    edgeCount = 0
    slotCount = 1
    firstSlot = slot
  }

  deinit {
    if edge0.node != nil { GraphRelease.release(&edge0.node) }
    if edge1.node != nil { GraphRelease.release(&edge1.node) }
    if edge2.node != nil { GraphRelease.release(&edge2.node) }
    for index in moreEdges.indices where moreEdges[index].node != nil {
      GraphRelease.release(&moreEdges[index].node)
    }
  }

  /// The operator's name with the suffix `Backward`.
  open var name: String { "\(type(of: self))" }

  /// The name in a trace.
  open var eventName: EventName { EventName(interning: name) }

  /// Names of the saved values, for inspection.
  open var savedNames: [String] { [] }

  /// Computes the gradients of the inputs and hands them to the pass.
  /// - Throws: what a saved tensor or a user's function throws; the pass then ends with that error.
  open func apply(_ pass: BackwardPass) throws {
    fatalError("\(name) does not implement apply")
  }

  /// Drops the saved tensors; called after `apply` unless the graph is retained.
  open func releaseSaved() {}

  /// The nodes this one sends gradients to, with their slots, in the order of the inputs.
  public final var nextFunctions: [Edge] { (0..<edgeCount).map { edge($0) } }
}

extension Node {
  @inline(__always) final func edge(_ index: Int) -> Edge {
    switch index {
    case 0: edge0
    case 1: edge1
    case 2: edge2
    default: moreEdges[index - 3]
    }
  }

  /// Makes edge `index` lead to the node of `tensor`; empty if it requires no gradient.
  @inline(__always) package final func connect(_ index: Int, _ tensor: Tensor?) {
    guard let tensor, let node = tensor.node else { return }
    let edge = Edge(node, slot: tensor.slot)
    assert(node.isLeaf || node.sequence < sequence, "edges descend")
    if index < 64 { edgeMask |= 1 << UInt64(truncatingIfNeeded: index) }
    switch index {
    case 0: edge0 = edge
    case 1: edge1 = edge
    case 2: edge2 = edge
    default: moreEdges[index - 3] = edge
    }
  }

  /// Makes `output` the result of this node.
  @inline(__always) package final func attach(_ output: Tensor, slot: Int = 0) {
    output.node = self
    output.slot = Int32(truncatingIfNeeded: slot)
    setMetadata(slot, output.array)
  }

  @inline(__always) final func setMetadata(_ slot: Int, _ array: NDArray) {
    if slot == 0 {
      firstSlot = SlotMetadata(shape: array.shape, dtype: array.dtype)
      if slotCount == 0 { slotCount = 1 }
    } else {
      setLaterMetadata(slot, array)
    }
  }

  private final func setLaterMetadata(_ slot: Int, _ array: NDArray) {
    let metadata = SlotMetadata(shape: array.shape, dtype: array.dtype)
    while moreSlots.count < slot { moreSlots.append(metadata) }
    moreSlots[slot - 1] = metadata
    slotCount = max(slotCount, slot + 1)
  }

  @inline(__always) final func metadata(_ slot: Int) -> SlotMetadata {
    slot == 0 ? firstSlot : moreSlots[slot - 1]
  }

  final func ensureHooks() -> NodeHooks {
    if let hooks { return hooks }
    let created = NodeHooks()
    hooks = created
    return created
  }
}
