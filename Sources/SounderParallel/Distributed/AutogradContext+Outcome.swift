import CKernels
import SounderComm

/// How all ranks come to the same end.
///
/// Every rank votes once, to all: done, failed, cancelled (by another's failure, which it repeats),
/// or left. The outcome is a function of the votes: success if all are done, else the error of the
/// lowest rank that failed. A rank that has seen a failure does not find one of its own any more,
/// so concurrent first errors are rare, and then they too are told to all before anybody decides.
extension AutogradContext {
  /// Votes, waits for the others, and returns the common error; nil if all ranks have succeeded.
  func settle(_ mine: Vote) -> DistributedAutogradError? {
    var vote = mine
    if let first = (try? mailroom.look(in: id) { $0.error }) ?? nil { vote = .cancelled(first) }
    let outcome = commonOutcome(of: vote)
    // The rank where it began also has what was thrown.
    if case .failed(let error) = mine, let outcome, outcome == error {
      state = .settled(error)
      return error
    }
    state = .settled(outcome)
    return outcome
  }

  /// Ends the context with an error of the forward pass, or of the program.
  func fail(_ error: any Error, during operation: String) -> DistributedAutogradError {
    if let cancelled = error as? Cancelled {
      return settle(.cancelled(cancelled.cause)) ?? cancelled.cause
    }
    let typed = typed(error, during: operation)
    return settle(.failed(typed)) ?? typed
  }

  func typed(_ error: any Error, during operation: String) -> DistributedAutogradError {
    switch error {
    case let error as DistributedAutogradError: error
    case let error as CommunicationError:
      DistributedAutogradError(
        .group, rank: rank, operation: operation, error.message, underlying: error)
    default:
      DistributedAutogradError(
        .operatorFailed, rank: rank, operation: operation, "\(error)", underlying: error)
    }
  }

  /// Tells the others that this rank leaves without a pass.
  func leave() {
    // If the port has failed there is nobody to tell.
    try? mailroom.announce(ContextMessage(.vote, in: id) { Vote.left.write(to: &$0) })
  }

  private func commonOutcome(of vote: Vote) -> DistributedAutogradError? {
    do {
      try cast(vote)
      do {
        // Twice the timeout: whoever waits inside the pass gives up first and says so.
        return try verdict(until: deadline(after: 2))
      } catch let passed as Mailroom.DeadlinePassed {
        return try mailroom.peek(in: id) { $0.failure } ?? revoke(passed.message)
      }
    } catch {
      return mailroom.peek(in: id) { $0.failure } ?? vote.failure(of: rank)
        ?? typed(error, during: "outcome")
    }
  }

  private func cast(_ vote: Vote) throws {
    try mailroom.announce(ContextMessage(.vote, in: id) { vote.write(to: &$0) })
  }

  private func verdict(until deadline: UInt64) throws -> DistributedAutogradError? {
    var decideAt: UInt64?
    return try mailroom.wait(
      in: id, until: deadline, "the end of the pass of context \(id)",
      missing: { mail in (0..<size).filter { mail.votes[$0] == nil } }
    ) { mail -> DistributedAutogradError?? in
      if mail.votes.count == size { return .some(decide(mail)) }
      guard mail.failure != nil else { return nil }
      // No need to wait for a rank that is busy: its vote can only repeat the failure.
      let now = ck_monotonic_nanoseconds()
      let end = decideAt ?? now + UInt64(max(options.grace.wholeNanoseconds, 0))
      decideAt = end
      return now >= end ? .some(decide(mail)) : nil
    }
  }

  /// Turns this rank's success into a failure, because the votes of some ranks are missing.
  ///
  /// They will see it before they vote, and fail like this one. Only if all of them voted in the
  /// very moment in which it was taken back may some have succeeded: then no context can be trusted
  /// any more.
  private func revoke(_ message: String) throws -> DistributedAutogradError? {
    let error = DistributedAutogradError(
      .timeout, rank: rank, operation: "outcome", message)
    try cast(.failed(error))
    let outcome = try verdict(until: .max)
    let isInDoubt = mailroom.peek(in: id) { mail in
      (0..<size).allSatisfy { other in
        if other == rank { return true }
        if case .done? = mail.votes[other] { return true }
        return false
      }
    }
    if isInDoubt { mailroom.lastingFailure = error }
    return outcome
  }

  private func decide(_ mail: ContextMail) -> DistributedAutogradError? {
    if let failure = mail.failure { return failure }
    let roots = mail.votes.values.reduce(0) { sum, vote in
      if case .done(let count) = vote { sum + count } else { sum }
    }
    guard roots == 0 else { return nil }
    return DistributedAutogradError(
      .noRoots, rank: 0, operation: "backward", "no rank gave a root; at least one must have a loss"
    )
  }
}
