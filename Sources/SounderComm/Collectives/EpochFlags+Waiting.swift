import CKernels
import Foundation

extension EpochFlags {
  /// Waits for a counter in the shared region; `missing` names those who keep it back.
  func wait(
    _ cell: UnsafeMutablePointer<ck_epoch>, _ target: UInt32, _ timeout: Duration? = nil,
    _ operation: () -> String, missing: () -> [Int]
  ) throws {
    let policy = membership.waiting.c
    let word = UnsafeRawPointer(failureRecord).assumingMemoryBound(to: UInt32.self)
    let result = ck_epoch_wait(cell, target, word, policy, EpochFlags.slice)
    if result == CK_WAIT_REACHED { return }
    try waitOn(cell, target, timeout ?? membership.timeout, result, operation, missing)
  }

  /// The slow part of a wait: deadline, failures, dead and late peers.
  private func waitOn(
    _ cell: UnsafeMutablePointer<ck_epoch>, _ target: UInt32, _ timeout: Duration,
    _ first: Int32, _ operation: () -> String, _ missing: () -> [Int]
  ) throws {
    let word = UnsafeRawPointer(failureRecord).assumingMemoryBound(to: UInt32.self)
    var stall = StallWatch(
      membership.board, since: ck_monotonic_nanoseconds() - EpochFlags.slice)
    func ranks() -> [Int] { missing().map { membership.ranks[$0] } }
    let limit = UInt64(timeout.wholeNanoseconds)
    var result = first
    while result != CK_WAIT_REACHED {
      if let failure {
        stall.abandon()
        throw failure
      }
      if let failure = membership.board.failureElsewhere?() {
        stall.abandon()
        throw record(failure)
      }
      if let dead = missing().first(where: isDead) {
        stall.abandon()
        throw fail(deathOf: dead, operation())
      }
      if let left = membership.board.whoLeft(of: ranks(), operation()), !missing().isEmpty,
        ck_epoch_passed(ck_epoch_load(cell), target) == 0
      {
        stall.abandon()
        throw record(left)
      }
      let waited = stall.waited
      if waited >= limit {
        stall.abandon()
        throw record(
          CommunicationError(
            .timeout(missing: ranks()), rank: membership.rank,
            stall.timeout(operation(), missing: ranks())))
      }
      stall.look(for: ranks(), in: operation())
      let slice = min(EpochFlags.slice, limit - waited)
      result = ck_epoch_wait(cell, target, word, ck_wait_policy(), slice)
    }
    stall.end(operation())
  }

  /// Whether the process of a rank no longer exists.
  private func isDead(_ localRank: Int) -> Bool {
    let rank = membership.ranks[localRank]
    guard membership.board.sharesProcesses(with: rank) else { return false }
    return kill(membership.board.process(of: rank), 0) != 0 && errno == ESRCH
  }

  private func fail(deathOf localRank: Int, _ operation: String) -> CommunicationError {
    let rank = membership.ranks[localRank]
    return record(
      CommunicationError(
        .peerFailure(rank: rank), rank: membership.rank,
        "\(membership.board.name(of: rank)) died during \(operation); look at its output for the "
          + "cause"))
  }
}
