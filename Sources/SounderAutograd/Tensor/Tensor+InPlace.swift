import SounderArray

extension Tensor {
  /// Whether this tensor was made as a view of another while operations were recorded.
  public var isView: Bool { viewBase != nil }

  /// Remembers the tensor whose memory this one views.
  @inline(__always) func markView(of base: Tensor) {
    let root = base.viewBase ?? base
    viewBase = root
    rewrites = root.rewrites
    isUnrecordedView = !Modes.recording || base.isUnrecordedView
  }

  /// Makes `node` the history of a tensor that was changed in place.
  func replaceHistory(_ node: Node, slot: Int = 0) {
    var old = self.node
    node.attach(self, slot: slot)
    rewrites &+= 1
    GraphRelease.release(&old)
  }
}

/// Refuses in-place operations that would make gradients wrong.
/// - Returns: Whether the tensor is a view in a graph, whose base has to see the change.
/// - Throws: ``AutogradError`` `.leafInPlace` for a leaf that requires a gradient,
///   `.viewOfLeafInPlace` for a view of one, `.viewInPlace` for a view whose base cannot see the change.
func requireInPlace(
  _ tensor: Tensor, _ operation: StaticString, operands: Bool = false
) throws -> Bool {
  guard Modes.recording else { return false }
  if tensor.requiresGrad && tensor.isLeaf {
    throw AutogradError(
      .leafInPlace,
      "\(operation): a leaf that requires a gradient cannot be changed in place; "
        + "do it in noGrad { } or on a clone")
  }
  guard let base = tensor.viewBase else { return false }
  if base.requiresGrad && base.isLeaf {
    throw AutogradError(
      .viewOfLeafInPlace,
      "\(operation): a view of a leaf that requires a gradient cannot be changed in place; "
        + "do it in noGrad { } or on a clone")
  }
  guard base.requiresGrad || tensor.requiresGrad || operands else { return false }
  if tensor.isUnrecordedView || !base.array.isContiguous {
    throw AutogradError(
      .viewInPlace,
      "\(operation): a view that was made \(tensor.isUnrecordedView ? "in noGrad { }" : "of strided memory")"
        + " cannot be changed in place in a graph, because its base would not see the change; "
        + "use the operator without underscore, or clone() first")
  }
  return true
}

/// Refuses to write into a tensor of the caller's where a gradient would be lost.
/// - Throws: ``AutogradError`` `.outVariant` if gradients are on and one is required.
func requireOut(_ operation: StaticString, _ requiresGradient: Bool) throws {
  guard requiresGradient, Modes.recording else { return }
  throw AutogradError(
    .outVariant,
    "\(operation): 'out' takes no part in a graph, but a tensor requires a gradient; "
      + "call it without 'out', or in noGrad { }")
}

/// The indices of lists that an operator walks together; traps if their lengths differ.
func foreachIndices(_ operation: StaticString, _ counts: [Int]) -> Range<Int> {
  let count = counts.first ?? 0
  require(
    counts.allSatisfy { $0 == count }, "\(operation): the lists have the lengths \(counts)")
  return 0..<count
}
