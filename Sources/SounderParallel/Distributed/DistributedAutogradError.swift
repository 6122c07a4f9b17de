/// Why a distributed backward pass failed: the same value on every rank.
public struct DistributedAutogradError: Error, Sendable {
  /// The class of a failure.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// An operator, hook or the program threw an error on one rank.
    case operatorFailed = 1
    /// A rank did not answer before the deadline.
    case timeout
    /// A rank has gone on without sending what another waits for.
    case neverSent
    /// Both sides of a transfer, or the ranks of a collective, mean different things.
    case mismatch
    /// A rank has left the context without taking part in the pass.
    case rankLeft
    /// No rank gave a root.
    case noRoots
    /// The context has had its pass, or is closed.
    case contextUsed
    /// An edge between ranks was reached by a pass that `DistEngine` does not run.
    case outsidePass
    /// Gradients of gradients were asked for across ranks.
    case higherOrder
    /// The group of ranks has failed.
    case group
  }

  /// The class of the failure.
  public let kind: Kind
  /// The rank where it began.
  public let rank: Int
  /// The operator that failed there, or what the rank was doing.
  public let operation: String
  /// What happened and what to do.
  public let message: String
  /// What was thrown, on the rank where it was; takes no part in comparisons.
  public let underlying: (any Error)?

  /// An error that began on a rank.
  public init(
    _ kind: Kind, rank: Int, operation: String, _ message: String, underlying: (any Error)? = nil
  ) {
    self.kind = kind
    self.rank = rank
    self.operation = operation
    self.message = message
    self.underlying = underlying
  }
}

extension DistributedAutogradError: Hashable {
  /// Whether two ranks report the same failure.
  public static func == (a: Self, b: Self) -> Bool {
    a.kind == b.kind && a.rank == b.rank && a.operation == b.operation && a.message == b.message
  }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(rank)
    hasher.combine(operation)
    hasher.combine(message)
  }
}

extension DistributedAutogradError: CustomStringConvertible {
  /// The rank, the operator and the message.
  public var description: String { "rank \(rank), \(operation): \(message)" }
}
