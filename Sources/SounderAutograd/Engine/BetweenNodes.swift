import CKernels

/// What a thread does between the nodes of its backward passes.
final class BetweenNodes {
  let body: () throws -> Void
  init(_ body: @escaping () throws -> Void) { self.body = body }
}

/// Runs `body`, in whose backward passes on this thread `hook` is called after every node.
///
/// For work that must go on while gradients are computed, such as messages that move only when somebody
/// looks. A pass without a hook pays one test; a pass that is joined with those of other ranks has its own.
/// - Throws: what `body` throws, and in its passes what the hook throws.
package func withHookBetweenNodes<Result>(
  _ hook: @escaping () throws -> Void, _ body: () throws -> Result
) rethrows -> Result {
  let thread = ck_thread()
  let outer = thread.pointee.between_nodes
  let hook = BetweenNodes(hook)
  thread.pointee.between_nodes = Unmanaged.passUnretained(hook).toOpaque()
  return try withExtendedLifetime(hook) {
    defer { thread.pointee.between_nodes = outer }
    return try body()
  }
}
