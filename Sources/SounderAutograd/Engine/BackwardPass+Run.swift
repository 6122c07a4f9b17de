import CKernels
import SounderArray
import SounderTrace

extension BackwardPass {
  /// Runs the pass from its roots to its end.
  /// - Throws: the first error of a node, hook or callback; nodes are left free for other passes.
  func run(roots: [Tensor], seeds: [Tensor], inputs: [Tensor]?) throws {
    let thread = ck_thread()
    let outerPass = thread.pointee.backward_pass
    let modes = Modes.setRecording(createGraph)
    thread.pointee.backward_pass = Unmanaged.passUnretained(self).toOpaque()
    defer {
      for node in reached { node._withUnsafeGuaranteedRef { release($0) } }
      thread.pointee.backward_pass = outerPass
      Modes.restore(modes)
    }
    do {
      try count(roots: roots)
      if let inputs { select(inputs) }
      if let plan { try plan(PassGraph(pass: self)) }
      for (root, seed) in zip(roots, seeds) {
        guard let node = root.node else { continue }
        var gradient: Tensor? = seed
        try deliver(&gradient, to: Edge(node, slot: root.slot))
      }
      if let coordination {
        try run(with: coordination)
      } else if let reference = thread.pointee.between_nodes {
        let hook = Unmanaged<BetweenNodes>.fromOpaque(reference).takeUnretainedValue()
        while let node = heap.pop() {
          try node._withUnsafeGuaranteedRef { try execute($0) }
          try hook.body()
        }
      } else {
        while let node = heap.pop() { try node._withUnsafeGuaranteedRef { try execute($0) } }
      }
      var index = 0
      while index < finalCallbacks.count {
        try finalCallbacks[index]()
        index += 1
      }
    } catch {
      coordination?.failedNode = running?.name
      for node in reached { node._withUnsafeGuaranteedRef { giveBackSaved($0) } }
      for callback in failureCallbacks { callback(error) }
      throw error
    }
  }

  /// Runs the nodes, the coordinator's starts too, which get no gradient from this rank.
  private func run(with coordination: PassCoordination) throws {
    for node in coordination.starts {
      var nothing: Tensor?
      try deliver(&nothing, to: Edge(node))
    }
    while let node = heap.pop() {
      try coordination.checkpoint()
      try node._withUnsafeGuaranteedRef { try execute($0) }
    }
  }

  /// Counts, for every node the roots reach, the gradients it will receive.
  private func count(roots: [Tensor]) throws {
    for root in roots { if let node = root.node { countEdge(to: node) } }
    for node in coordination?.starts ?? [] { countEdge(to: node) }
    var next = 0
    while next < reached.count {
      reached[next]._withUnsafeGuaranteedRef { node in
        if let target = node.edge0.node { countEdge(to: target) }
        if let target = node.edge1.node { countEdge(to: target) }
        if let target = node.edge2.node { countEdge(to: target) }
        for edge in node.moreEdges { if let target = edge.node { countEdge(to: target) } }
      }
      next += 1
    }
  }

  @inline(__always) private func countEdge(to node: Node) {
    if claim(node) { reached.append(Unmanaged.passUnretained(node)) }
    withState(of: node) { $0.pending += 1 }
  }

  /// Marks the nodes on paths to the requested inputs; the others will not run.
  private func select(_ inputs: [Tensor]) {
    for (index, input) in inputs.enumerated() {
      guard let node = input.node else { continue }
      captures[ObjectIdentifier(node), default: []].append(
        Capture(slot: Int(input.slot), index: index))
    }
    captured = Array(repeating: nil, count: inputs.count)
    // Ascending creation numbers: every node comes after the nodes its edges lead to.
    let ascending = reached.sorted {
      $0._withUnsafeGuaranteedRef { $0.isLeaf ? 0 : $0.sequence }
        < $1._withUnsafeGuaranteedRef { $0.isLeaf ? 0 : $0.sequence }
    }
    for reference in ascending {
      reference._withUnsafeGuaranteedRef { node in
        let isCaptured = captures[ObjectIdentifier(node)] != nil
        let isNeeded = (0..<node.edgeCount).contains { index in
          guard let target = node.edge(index).node else { return false }
          return withState(of: target) { $0.isNeeded || $0.isCaptured }
        }
        withState(of: node) { state in
          state.isCaptured = isCaptured
          state.isNeeded = isNeeded
        }
      }
    }
  }

  /// Runs one node whose gradients are complete and passes on what it computes.
  @inline(__always) private func execute(_ node: Node) throws {
    var (isNeeded, isCaptured) = (true, false)
    withState(of: node) { state in
      isNeeded = state.isNeeded
      isCaptured = state.isCaptured
      incoming0 = state.first.take()
      if !state.more.isEmpty {
        incomingMore = state.more
        state.more = []
      }
    }
    running = node
    neededEdges = captures.isEmpty ? node.edgeMask : wantedEdges(of: node)
    if node.hooks != nil || isCaptured { try runHooksAndCaptures(node, isCaptured) }
    if isNeeded {
      let begun = Trace.beginOperator()
      try node.apply(self)
      if begun != 0 {
        Trace.endOperator(
          .operatorBackward, node.eventName, begin: begun, sequence: node.sequence)
      }
      if !retainGraph { dropSaved(node) }
      try passOn(node)
    }
    incoming0 = nil
    if !incomingMore.isEmpty { incomingMore = [] }
    release(node)
  }

  @inline(__always) private func dropSaved(_ node: Node) {
    ck_lock(&node.lock)
    let first = !node.isReleased
    node.isReleased = true
    ck_unlock(&node.lock)
    if first { node.releaseSaved() }
  }

  /// Lets other passes read what this one, which has failed, read but did not drop.
  private func giveBackSaved(_ node: Node) {
    ck_lock(&node.lock)
    if node.consumer == id && !node.isReleased { node.consumer = 0 }
    ck_unlock(&node.lock)
  }

  @inline(__always) private func passOn(_ node: Node) throws {
    if node.edge0.node != nil { try deliver(&outgoing0, to: node.edge0) }
    if node.edge1.node != nil { try deliver(&outgoing1, to: node.edge1) }
    if node.edge2.node != nil { try deliver(&outgoing2, to: node.edge2) }
    if node.moreEdges.isEmpty { return }
    for (index, edge) in node.moreEdges.enumerated() where edge.node != nil {
      var gradient = index < outgoingMore.count ? outgoingMore[index] : nil
      if index < outgoingMore.count { outgoingMore[index] = nil }
      try deliver(&gradient, to: edge)
    }
  }

  /// Adds a gradient to the receiver's buffer and runs or queues the receiver if it was the last one.
  @inline(__always) private func deliver(_ gradient: inout Tensor?, to edge: Edge) throws {
    guard let target = edge.node else { return }
    if let value = gradient {
      let metadata = edge.slot == 0 ? target.firstSlot : target.metadata(Int(edge.slot))
      if value.array.shape != metadata.shape || value.array.dtype != metadata.dtype {
        gradient = try fit(value, to: metadata, target)
      }
    }
    let isComplete = withState(of: target) { state in
      if gradient != nil {
        if edge.slot == 0 && state.first == nil {
          state.first = gradient.take()
        } else {
          gather(&gradient, slot: Int(edge.slot), &state)
        }
      }
      state.pending -= 1
      return state.pending == 0
    }
    guard isComplete else { return }
    if target.isLeaf {
      try finish(leaf: unsafeDowncast(target, to: GradientAccumulator.self))
    } else {
      heap.push(Unmanaged.passUnretained(target))
    }
  }

  private func gather(_ gradient: inout Tensor?, slot: Int, _ state: inout NodeState) {
    guard let value = gradient.take() else { return }
    if slot == 0 {
      add(value, to: &state.first)
    } else {
      while state.more.count < slot { state.more.append(nil) }
      add(value, to: &state.more[slot - 1])
    }
  }

  /// Adds in place when nobody else can see the buffer, and no tangent is carried along.
  private func add(_ value: Tensor, to buffer: inout Tensor?) {
    guard var current = buffer.take() else {
      buffer = value
      return
    }
    if !createGraph && !Modes.forward && isKnownUniquelyReferenced(&current)
      && current.ownsWholeStorage
    {
      _ = Kernels.add(current.array, value.array, 1, out: current.array)
      buffer = current
    } else {
      buffer = current + value
    }
  }

  private func finish(leaf: GradientAccumulator) throws {
    var gradient: Tensor?
    var isCaptured = false
    withState(of: leaf) { state in
      gradient = state.first.take()
      isCaptured = state.isCaptured
    }
    if let value = gradient, let hooks = leaf.hooks {
      gradient = try hooks.run(slot: 0, value, leaf, coordination)
    }
    if isCaptured {
      for capture in captures[ObjectIdentifier(leaf)] ?? [] { captured[capture.index] = gradient }
    } else if let coordination {
      if let value = gradient.take() { coordination.stage(value, for: leaf) }
    } else if accumulates && captures.isEmpty {
      try leaf.accumulate(&gradient, createGraph: createGraph)
    }
    release(leaf)
  }

  private func runHooksAndCaptures(_ node: Node, _ isCaptured: Bool) throws {
    for slot in 0..<node.slotCount {
      guard var value = gradient(slot) else { continue }
      if let hooks = node.hooks {
        value = try hooks.run(slot: slot, value, node, coordination)
        if slot == 0 { incoming0 = value } else { incomingMore[slot - 1] = value }
      }
      guard isCaptured else { continue }
      for capture in captures[ObjectIdentifier(node)] ?? [] where capture.slot == slot {
        captured[capture.index] = value
      }
    }
  }

  /// Sums a broadcast gradient down to the shape of the input and converts its type.
  @inline(never)
  private func fit(_ gradient: Tensor, to metadata: SlotMetadata, _ target: Node) throws -> Tensor {
    var result = gradient
    if result.shape != metadata.shape {
      guard metadata.shape.broadcast(with: result.shape) == result.shape else {
        throw AutogradError(
          .gradShape,
          "\(running?.name ?? "backward") returned a gradient of shape \(result.shape) for an input of "
            + "shape \(metadata.shape), produced by \(target.name)")
      }
      result = result.sumToSize(Array(metadata.shape))
    }
    // Of a complex gradient a real input takes the real part.
    return result.dtype == metadata.dtype ? result : result.toDtype(metadata.dtype)
  }
}
