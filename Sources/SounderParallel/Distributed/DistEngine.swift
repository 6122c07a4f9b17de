import SounderAutograd
import SounderComm

/// The coordinator of backward passes over graphs that cross ranks.
///
/// A pass is one affair of all ranks: each runs its own part, in an order that is a valid one for
/// all, gradients cross where tensors did, and it ends everywhere with the same answer. Gradients
/// become visible only after all ranks have succeeded.
///
/// ```swift
/// let engine = try DistEngine(group: group)
/// try engine.context { context in
///   if group.rank == 0 {
///     try context.send(first(input), to: 1)
///     try engine.backward(context, roots: [], into: .leaves)
///   } else {
///     let loss = second(try context.receive(from: 0)).sum()
///     try engine.backward(context, roots: [loss], into: .leaves)
///   }
/// }
/// ```
///
/// Several contexts may be open at once, one after another on a thread or on several threads of a
/// rank. It takes N − 1 short messages of each of N ranks to begin a pass and as many to end it.
public final class DistEngine: Sendable {
  /// Which edges between ranks take part in a pass.
  public enum Mode: String, Sendable, CaseIterable {
    /// All that were recorded, at once; where no gradient arrives none is passed on.
    case fast
    /// Those that the roots of any rank reach, found by one more round before the pass.
    case smart
  }

  /// Where a pass leaves the gradients of leaves.
  public enum Destination: Sendable {
    /// In ``AutogradContext/gradients``; `grad` is not touched.
    case context
    /// Added to the `grad` of each leaf.
    case leaves
  }

  /// How long to wait.
  public struct Options: Sendable {
    /// How long a rank waits for another before the context fails.
    public var timeout = Duration.seconds(120)
    /// How long a failure waits for the votes of ranks that are busy.
    public var grace = Duration.milliseconds(300)

    /// The defaults.
    public init() {}
  }

  let mailroom: Mailroom
  let options: Options

  /// An engine over all ranks of a group; a collective.
  ///
  /// Make one for a job: each takes a communicator.
  /// - Throws: ``CommunicationError``.
  public init(group: any ProcessGroup, options: Options = Options()) throws {
    mailroom = Mailroom(try group.makeMessagePort(), group.board)
    self.options = options
  }

  /// The number of contexts this rank has open.
  public var liveContexts: Int { mailroom.openCount }
  /// The number of messages of open and coming contexts that have arrived and not been taken.
  public var pendingMessages: Int { mailroom.messageCount }

  /// Opens a context, which all ranks must do, and closes it when `body` ends, however it ends.
  ///
  /// - Parameter owner: The rank that owns the context. Ranks must open the contexts of one owner
  ///   in the same order; those of different owners are independent, so that threads with their own
  ///   owners may work at the same time.
  /// - Returns: What `body` returns.
  /// - Throws: ``DistributedAutogradError``, the same on all ranks, for an error of any rank before
  ///   its pass has ended; after it, what `body` throws.
  public func context<Result>(
    owner: Int = 0, _ body: (AutogradContext) throws -> Result
  ) throws -> Result {
    let context = AutogradContext(
      id: mailroom.openContext(owner: owner), mailroom: mailroom, options: options)
    defer { context.close() }
    if let failure = mailroom.lastingFailure { throw context.fail(failure, during: "context") }
    do {
      let result = try body(context)
      if context.isOpen { context.leave() }
      return result
    } catch {
      guard context.isOpen else { throw error }
      throw context.fail(error, during: "forward")
    }
  }
}
