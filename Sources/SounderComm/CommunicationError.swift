/// What went wrong between ranks: which rank noticed, what it was doing and what to do about it.
public struct CommunicationError: Error, Sendable, Hashable {
  /// The class of a failure.
  public enum Kind: Sendable, Hashable {
    /// Some ranks did not arrive before the deadline.
    case timeout(missing: [Int])
    /// Ranks called different collectives, or the same with different arguments.
    case mismatch
    /// Another rank failed; the message carries its first error.
    case peerFailure(rank: Int)
    /// An MPI function returned an error code.
    case mpi(code: Int32, call: String)
    /// A system call failed.
    case system(errno: Int32, call: String)
    /// The program was started in a way that cannot work.
    case launch
  }

  /// The class of the failure.
  public let kind: Kind
  /// The rank that noticed, or nil before ranks were known.
  public let rank: Int?
  /// What happened, where, and what to do.
  public let message: String
  /// The rank that tells the user of it; nil for the one that throws it.
  package var reporter: Int?

  /// An error noticed by `rank`.
  public init(_ kind: Kind, rank: Int? = nil, _ message: String) {
    self.kind = kind
    self.rank = rank
    self.message = message
  }
}

extension CommunicationError: CustomStringConvertible {
  /// The rank and the message.
  public var description: String { rank.map { "rank \($0): \(message)" } ?? message }
}

/// An error of one rank of a group that runs inside this process.
public struct RankError: Error, CustomStringConvertible {
  /// The rank that failed first.
  public let rank: Int
  /// What it threw.
  public let underlying: any Error

  /// The rank and what it threw.
  public var description: String {
    if let error = underlying as? CommunicationError, error.rank != nil { return "\(error)" }
    return "rank \(rank): \(underlying)"
  }
}

extension CommunicationError {
  /// The same error as `rank` throws it when `origin` found it.
  func seen(by rank: Int, origin: Int) -> CommunicationError {
    var error: CommunicationError
    switch kind {
    case .timeout, .mismatch, .peerFailure: error = CommunicationError(kind, rank: rank, message)
    case .mpi, .system, .launch:
      error = CommunicationError(
        .peerFailure(rank: origin), rank: rank, "rank \(origin) failed: \(message)")
    }
    error.reporter = reporter
    return error
  }

  /// An error of any type as one that can be told to other ranks.
  static func wrapping(_ error: any Error, rank: Int) -> CommunicationError {
    if let error = error as? CommunicationError { return error }
    return CommunicationError(.peerFailure(rank: rank), rank: rank, "rank \(rank) failed: \(error)")
  }
}
