/// What one backward pass keeps about one node.
///
/// It lies in the node, claimed by the pass through ``Node/owner``, so that counting and delivering
/// touch no dictionary; a node that another live pass has claimed gets its state from the dictionary of
/// the later pass.
struct NodeState {
  /// Gradients still to come.
  var pending: Int32 = 0
  /// Whether the node runs: false for nodes off the paths to the requested inputs.
  var isNeeded = true
  /// Whether gradients that arrive here were asked for.
  var isCaptured = false
  /// The gradient gathered for slot 0.
  var first: Tensor?
  /// The gradients gathered for later slots.
  var more: [Tensor?] = []
}

/// State of a node that another pass owns.
final class ForeignState {
  var state = NodeState()
}
