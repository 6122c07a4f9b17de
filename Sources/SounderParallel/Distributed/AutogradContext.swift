import CKernels
import SounderAutograd
import SounderComm

/// One backward pass across ranks: its number, the edges between ranks, its gradients and its
/// outcome.
///
/// Made by ``DistEngine/context(owner:_:)`` on every rank, used there by one thread, and closed
/// when the closure ends. Within it graphs cross ranks through ``send(_:to:tag:)``,
/// ``receive(from:tag:shape:dtype:)`` and the collectives; all of them are differentiable, and the
/// gradients are those of the sum of all ranks' roots. An error of any rank in any of them is the
/// same ``DistributedAutogradError`` on all ranks.
public final class AutogradContext {
  /// The number of the context, the same on all ranks.
  public let id: AutogradContextID
  /// The gradients of this rank's leaves after a pass that was told to leave them here.
  public internal(set) var gradients = ContextGradients()

  let mailroom: Mailroom
  let options: DistEngine.Options
  var state = State.open
  /// The ends of this rank's edges to other ranks, in the order of the program.
  private(set) var nodes: [CommunicationNode] = []
  /// The pass of this rank while it runs.
  var coordination: PassCoordination?
  private var messageCount: UInt64 = 0
  private var collectiveCount: UInt64 = 0

  enum State {
    case open
    case running
    case settled(DistributedAutogradError?)
    case closed
  }

  init(id: AutogradContextID, mailroom: Mailroom, options: DistEngine.Options) {
    self.id = id
    self.mailroom = mailroom
    self.options = options
  }

  /// This rank's number.
  public var rank: Int { mailroom.rank }
  /// The number of ranks.
  public var size: Int { mailroom.size }

  var isOpen: Bool { if case .open = state { true } else { false } }
  var isRunning: Bool { if case .running = state { true } else { false } }

  /// Drops all that belongs to the context; the graph's nodes and the context would own each other.
  func close() {
    state = .closed
    nodes = []
    gradients = ContextGradients()
    mailroom.close(id)
  }

  func record(_ node: CommunicationNode) { nodes.append(node) }

  func nextMessage() -> AutogradContextID {
    defer { messageCount += 1 }
    return AutogradContextID(rank: rank, counter: messageCount)
  }

  func nextCollective() -> UInt64 {
    defer { collectiveCount += 1 }
    return collectiveCount
  }

  // MARK: Operations of the program

  /// Runs an operation of the forward pass; its error ends the context on all ranks.
  func perform<Result>(_ operation: String, _ body: () throws -> Result) throws -> Result {
    switch state {
    case .open: break
    case .settled(.some(let error)): throw error
    case .running, .settled, .closed:
      throw DistributedAutogradError(
        .contextUsed, rank: rank, operation: operation,
        "context \(id) has had its backward pass or is closed; open another")
    }
    do { return try body() } catch { throw fail(error, during: operation) }
  }

  /// The oldest message of a rank that this one has not taken.
  ///
  /// - Parameter edge: The edge whose gradient is waited for; nil in the forward pass.
  func take(
    _ kind: ContextMessage.Kind, _ number: UInt64, from sender: Int, edge: UInt64? = nil,
    _ operation: @autoclosure () -> String
  ) throws -> ContextMessage {
    let key = ContextMessage.Key(kind: kind, number: number, sender: sender)
    do {
      return try mailroom.wait(
        in: id, until: deadline(), "\(operation()) of context \(id)", missing: { _ in [sender] }
      ) { mail in
        if let message = mail.take(key) { return message }
        if let cause = isRunning ? mail.failure : mail.error { throw Cancelled(cause: cause) }
        // What a rank posts arrives in order: after these nothing of the kind can come.
        var hasGoneOn = mail.votes[sender] != nil
        if let join = mail.joins[sender] {
          hasGoneOn = hasGoneOn || edge.map { !join.ends.contains($0) } ?? true
        }
        if hasGoneOn {
          throw DistributedAutogradError(
            .neverSent, rank: rank, operation: operation(),
            "rank \(sender) has gone on without its side of this transfer; every send needs a receive "
              + "and every rank must call the same collectives")
        }
        return nil
      }
    } catch let passed as Mailroom.DeadlinePassed {
      throw DistributedAutogradError(
        .timeout, rank: rank, operation: operation(), passed.message)
    }
  }

  func deadline(after factor: UInt64 = 1) -> UInt64 {
    let timeout = UInt64(max(options.timeout.wholeNanoseconds, 0))
    return ck_monotonic_nanoseconds() &+ min(timeout, .max >> 8) * factor
  }
}

/// Thrown inside a rank that stops because of another's error.
struct Cancelled: Error {
  let cause: DistributedAutogradError
}

/// The gradients of one context, by leaf.
public struct ContextGradients: Sendable {
  private var byLeaf: [ObjectIdentifier: Tensor] = [:]

  init() {}

  init(_ staged: [PassCoordination.LeafGradient]) {
    for entry in staged { byLeaf[ObjectIdentifier(entry.leaf)] = entry.gradient }
  }

  /// The number of leaves the pass reached.
  public var count: Int { byLeaf.count }

  /// The gradient of a leaf; nil if the pass did not reach it.
  ///
  /// Gradients may share memory with each other; clone one before writing to it.
  public subscript(leaf: Tensor) -> Tensor? {
    leaf.accumulator.flatMap { byLeaf[ObjectIdentifier($0)] }
  }
}
