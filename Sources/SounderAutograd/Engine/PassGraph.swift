import CKernels

/// The graph a backward pass is about to run over, for those who plan what follows it.
///
/// Valid only during the call it is handed to.
package struct PassGraph {
  let pass: BackwardPass

  /// A number for the structure of the graph.
  ///
  /// It depends on the kinds of the nodes, how they are joined, and which leaves the graph ends in, and is equal
  /// within a process for equal programs over the same leaves; sizes don't count. The cost is one
  /// multiplication for each node.
  package var fingerprint: UInt64 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
    for reference in pass.reached {
      reference._withUnsafeGuaranteedRef { node in
        let identity = node.isLeaf ? address(node) : address(type(of: node))
        let pending = pass.withState(of: node) { $0.pending }
        var word = identity &+ UInt64(truncatingIfNeeded: pending) << 48
        word ^= UInt64(truncatingIfNeeded: node.edgeCount) << 56
        if runsHooks(node) { word = ~word }
        hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 32
      }
    }
    return hash
  }

  /// Whether the pass calls code that may itself run backward passes: hooks, custom operators, nodes
  /// defined outside this module.
  package var runsForeignCode: Bool {
    pass.reached.contains { reference in
      reference._withUnsafeGuaranteedRef { node in
        runsHooks(node) || node is CustomOperatorNode
          || !String(reflecting: type(of: node)).hasPrefix("SounderAutograd.")
      }
    }
  }

  private func runsHooks(_ node: Node) -> Bool {
    node.hooks != nil
      || node.isLeaf && unsafeDowncast(node, to: GradientAccumulator.self).hasPostHooks
  }

  private func address(_ object: AnyObject) -> UInt64 {
    UInt64(UInt(bitPattern: ObjectIdentifier(object)))
  }

  private func address(_ type: any AnyObject.Type) -> UInt64 {
    UInt64(UInt(bitPattern: ObjectIdentifier(type)))
  }
}

extension Tensor {
  /// Runs a backward pass that shows its graph to `plan` before the first node runs.
  ///
  /// - Parameter plan: Called once the graph is known; the pass ends with what it throws.
  /// - Throws: as ``backward(gradient:retainGraph:createGraph:inputs:)``, and what `plan` throws.
  package func backward(
    gradient: Tensor? = nil, planning plan: @escaping (PassGraph) throws -> Void
  ) throws {
    _ = try Engine.run(
      roots: [self], seeds: [gradient], retainGraph: false, createGraph: false, inputs: nil,
      plan: plan)
  }
}
