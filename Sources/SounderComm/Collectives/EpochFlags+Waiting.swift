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

  /// The slow part of a wait: deadline, failures, dead peers.
  private func waitOn(
    _ cell: UnsafeMutablePointer<ck_epoch>, _ target: UInt32, _ timeout: Duration,
    _ first: Int32, _ operation: () -> String, _ missing: () -> [Int]
  ) throws {
    let word = UnsafeRawPointer(failureRecord).assumingMemoryBound(to: UInt32.self)
    let start = Int64(ck_monotonic_nanoseconds() - EpochFlags.slice)
    let limit = timeout.wholeNanoseconds
    var result = first
    while result != CK_WAIT_REACHED {
      if let failure { throw failure }
      let absent = missing()
      if let dead = absent.first(where: isDead) {
        throw fail(deathOf: dead, operation())
      }
      let waited = Int64(ck_monotonic_nanoseconds()) - start
      if waited >= limit { throw fail(timeoutOf: absent, waited, operation()) }
      let slice = min(EpochFlags.slice, UInt64(limit - waited))
      result = ck_epoch_wait(cell, target, word, ck_wait_policy(), slice)
    }
  }

  /// Whether the process of a rank no longer exists.
  private func isDead(_ localRank: Int) -> Bool {
    let process = process(of: localRank)
    guard process > 0, process != getpid(), membership.sharesProcessNumbers else { return false }
    return kill(process, 0) != 0 && errno == ESRCH
  }

  private func fail(deathOf localRank: Int, _ operation: String) -> CommunicationError {
    let rank = membership.ranks[localRank]
    return record(
      CommunicationError(
        .peerFailure(rank: rank), rank: membership.rank,
        "rank \(rank) (\(place(of: localRank))) died during \(operation); "
          + "look at its output for the cause"))
  }

  private func fail(
    timeoutOf absent: [Int], _ waited: Int64, _ operation: String
  ) -> CommunicationError {
    let ranks = absent.map { membership.ranks[$0] }
    let names = absent.map { "rank \(membership.ranks[$0]) (\(place(of: $0)))" }
    let seconds = Double(waited / 1_000_000) / 1000
    return record(
      CommunicationError(
        .timeout(missing: ranks), rank: membership.rank,
        "\(operation) waited \(seconds) s for \(names.joined(separator: ", ")); "
          + "see whether it is stuck or stopped, or allow a longer timeout"))
  }

  private func place(of localRank: Int) -> String {
    let process = process(of: localRank)
    return process == 0
      ? "host \(membership.hostName), not started"
      : "host \(membership.hostName), pid \(process)"
  }
}
