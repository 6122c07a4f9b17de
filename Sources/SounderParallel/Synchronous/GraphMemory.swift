import SounderAutograd

/// How often gradients arrive at each parameter during a backward pass.
///
/// A pass over built-in operators brings every leaf it reaches its whole gradient once. Hooks and
/// custom operators may run passes of their own, as recomputation does, which nobody can foresee: of such a
/// graph the first pass counts the arrivals, and later passes over an equal graph rely on the count.
struct GraphMemory {
  /// What is known about the arrivals of a pass.
  enum Arrivals {
    /// One at each leaf the graph reaches, none elsewhere.
    case once
    /// As many at each parameter as in an earlier pass over an equal graph.
    case counted([Int])
    /// Nothing until the pass is over.
    case unknown
  }

  private var arrivals: [UInt64: Arrivals] = [:]
  /// Graphs of programs that never run twice alike must not fill the memory.
  private static let capacity = 256

  /// The number of different graphs seen, for tests.
  var graphCount: Int { arrivals.count }

  /// What is known about a graph.
  mutating func look(_ graph: PassGraph, fingerprint: UInt64) -> Arrivals {
    if let known = arrivals[fingerprint] { return known }
    if arrivals.count >= Self.capacity { arrivals = [:] }
    let found: Arrivals = graph.runsForeignCode ? .unknown : .once
    arrivals[fingerprint] = found
    return found
  }

  /// Notes the arrivals of a pass that ran foreign code.
  mutating func learn(_ counts: [Int], fingerprint: UInt64) {
    if case .once = arrivals[fingerprint] { return }
    arrivals[fingerprint] = .counted(counts)
  }
}
