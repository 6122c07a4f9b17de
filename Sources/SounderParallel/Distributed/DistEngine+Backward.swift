import CKernels
import SounderArray
import SounderAutograd

extension DistEngine {
  /// Runs the backward pass of a context: the gradients of the sum of all ranks' roots.
  ///
  /// Every rank calls it, with no roots where it has none. The graph is used up. No gradient of a
  /// pass that fails is visible anywhere.
  ///
  /// - Parameters:
  ///   - roots: This rank's results, such as its loss.
  ///   - gradients: The gradients of the roots; nil entries mean 1 for one-element roots.
  ///   - mode: Which edges between ranks take part; the same on all ranks.
  ///   - destination: Where the gradients of leaves are left.
  /// - Throws: ``DistributedAutogradError``, the same on all ranks; on this one only,
  ///   `.contextUsed` for a second pass, and what post-accumulate hooks throw after the pass has
  ///   succeeded.
  public func backward(
    _ context: AutogradContext, roots: [Tensor], gradients: [Tensor?]? = nil, mode: Mode = .fast,
    into destination: Destination = .context
  ) throws {
    require(context.mailroom === mailroom, "backward: the context belongs to another DistEngine")
    try context.begin()
    let vote = context.run(
      roots: roots, gradients: gradients ?? Array(repeating: nil, count: roots.count), mode: mode)
    let coordination = context.coordination
    context.coordination = nil
    if let failure = context.settle(vote) { throw failure }
    guard let coordination else { return }
    coordination.retain()
    switch destination {
    case .context: context.gradients = ContextGradients(coordination.leafGradients)
    case .leaves: try coordination.accumulate()
    }
  }
}

extension AutogradContext {
  fileprivate func begin() throws {
    switch state {
    case .open: state = .running
    case .settled(.some(let error)): throw error
    case .running, .settled, .closed:
      throw DistributedAutogradError(
        .contextUsed, rank: rank, operation: "backward",
        "context \(id) has had its backward pass or is closed; open another")
    }
  }

  /// Runs this rank's part of the pass.
  fileprivate func run(roots: [Tensor], gradients: [Tensor?], mode: DistEngine.Mode) -> Vote {
    do {
      let starts = try starts(roots: roots, mode)
      var checked = ck_monotonic_nanoseconds()
      let coordination = PassCoordination(starts: starts) { [mailroom, id] in
        let now = ck_monotonic_nanoseconds()
        guard now &- checked > AutogradContext.checkInterval else { return }
        checked = now
        try mailroom.look(in: id) { if let cause = $0.failure { throw Cancelled(cause: cause) } }
      }
      self.coordination = coordination
      try coordination.run(roots: roots, gradients: gradients)
      return .done(roots: roots.count)
    } catch let cancelled as Cancelled {
      return .cancelled(cancelled.cause)
    } catch {
      return .failed(typed(error, during: coordination?.failedNode ?? "backward"))
    }
  }

  /// How often a pass that does not wait looks for failures of other ranks, in nanoseconds.
  private static let checkInterval: UInt64 = 1_000_000

  /// The nodes of this rank that run although no gradient of its own roots need reach them.
  private func starts(roots: [Tensor], _ mode: DistEngine.Mode) throws -> [Node] {
    let ends = Set(nodes.filter(\.isTarget).map(\.number))
    switch mode {
    case .fast:
      try announce(Join(mode: mode, ends: ends))
      return nodes
    case .smart:
      let rootNodes = roots.compactMap(\.gradFn)
      let sources = nodes.filter(\.isSource)
      let reachability = Reachability(from: rootNodes + sources)
      try announce(
        Join(
          mode: mode, ends: ends, rootTargets: rootNodes.flatMap { reachability.targets(of: $0) },
          sources: sources.map {
            Join.Source(number: $0.number, targets: reachability.targets(of: $0))
          }))
      let reached = Join.reached(by: try takeJoins())
      return nodes.filter { reached.contains($0.number) }
    }
  }

  private func announce(_ join: Join) throws {
    try mailroom.announce(ContextMessage(.join, in: id) { join.write(to: &$0) })
  }

  /// The extra round of SMART mode.
  private func takeJoins() throws -> [Join] {
    do {
      let joins = try mailroom.wait(
        in: id, until: deadline(), "the beginning of the pass of context \(id)",
        missing: { mail in (0..<size).filter { mail.joins[$0] == nil } }
      ) { mail -> [Int: Join]? in
        if let cause = mail.failure { throw Cancelled(cause: cause) }
        return mail.joins.count == size ? mail.joins : nil
      }
      guard let other = joins.first(where: { $0.value.mode != .smart }) else {
        return Array(joins.values)
      }
      throw DistributedAutogradError(
        .mismatch, rank: rank, operation: "backward",
        "rank \(other.key) runs the pass in FAST mode, this one in SMART; all ranks must use one mode"
      )
    } catch let passed as Mailroom.DeadlinePassed {
      throw DistributedAutogradError(
        .timeout, rank: rank, operation: "backward", passed.message)
    }
  }
}
