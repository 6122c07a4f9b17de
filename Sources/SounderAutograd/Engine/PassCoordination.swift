import SounderArray

/// What joins the backward pass of this rank with those of other ranks.
///
/// This is the engine's seam for a coordinator: the engine knows nothing of communication, and a pass
/// without a coordination pays one test. Nodes that receive gradients from elsewhere are *starts*: they
/// run in their place of the order without waiting for a gradient from this rank. Gradients are staged, so
/// that ``Tensor/grad`` is untouched until the coordinator says that all ranks have succeeded.
package final class PassCoordination {
  /// A leaf and the whole gradient of one pass.
  package struct LeafGradient {
    /// The leaf's end of the graph, which identifies the leaf.
    package let leaf: GradientAccumulator
    fileprivate(set) package var gradient: Tensor?
  }

  let starts: [Node]
  let checkpoint: () throws -> Void
  /// The leaves the pass has reached, in the order in which they became complete.
  package private(set) var leafGradients: [LeafGradient] = []
  private var retained: [(tensor: Tensor, gradient: Tensor)] = []
  /// The operator that was running when the pass failed; nil before the first one.
  package internal(set) var failedNode: String?

  /// A coordination of nodes that start without a gradient.
  ///
  /// - Parameter checkpoint: Called before every node; the pass ends with what it throws.
  package init(starts: [Node], checkpoint: @escaping () throws -> Void) {
    self.starts = starts
    self.checkpoint = checkpoint
  }

  /// Runs the pass of this rank; the graph is used up.
  /// - Throws: ``AutogradError``, and what nodes, hooks and the checkpoint throw.
  package func run(roots: [Tensor], gradients: [Tensor?]) throws {
    _ = try Engine.run(
      roots: roots, seeds: gradients, retainGraph: false, createGraph: false, inputs: nil,
      coordination: self)
  }

  /// Gives tensors that are not leaves the gradients that `retainGrad` asked for.
  package func retain() {
    for (tensor, gradient) in retained { tensor.retain(gradient, createGraph: false) }
    retained = []
  }

  /// Adds the staged gradients to the leaves' ``Tensor/grad``.
  /// - Throws: what post-accumulate hooks throw; later leaves then keep what they had.
  package func accumulate() throws {
    for index in leafGradients.indices {
      let leaf = leafGradients[index].leaf
      try leaf.accumulate(&leafGradients[index].gradient, createGraph: false)
    }
    leafGradients = []
  }

  func stage(_ gradient: Tensor, for leaf: GradientAccumulator) {
    leafGradients.append(LeafGradient(leaf: leaf, gradient: gradient))
  }

  func stage(_ gradient: Tensor, for tensor: Tensor) { retained.append((tensor, gradient)) }
}
