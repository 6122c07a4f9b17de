import CKernels
import Foundation
import SounderComm

/// Waiting for other hosts: looks again and again, for as long as the group allows.
struct HostDeadline {
  let group: any ProcessGroup
  let channel: any TransferChannel
  let timeout: Duration

  /// Rounds of yielding before a waiting rank sleeps between looks at its transfers.
  private static let yields = 100
  private static let pause: UInt32 = 20

  /// Moves transfers on until a condition holds.
  ///
  /// - Parameters:
  ///   - phase: what the caller does, for the error.
  ///   - missing: the ranks it still waits for.
  ///   - progress: looks at the transfers.
  ///   - isDone: the condition.
  /// - Throws: ``CommunicationError`` at the group's deadline, or the first failure of any rank.
  func wait(
    _ phase: @autoclosure () -> String, missing: () throws -> [Int], progress: () throws -> Void,
    until isDone: () throws -> Bool
  ) throws {
    let start = ck_monotonic_nanoseconds()
    let limit = UInt64(max(timeout.wholeNanoseconds, 0))
    var round = 0
    while try !isDone() {
      try progress()
      round += 1
      if round % 16 == 0 {
        try channel.checkFailure()
        if ck_monotonic_nanoseconds() - start > limit { throw error(phase(), try missing()) }
      }
      if round < Self.yields { sched_yield() } else { usleep(Self.pause) }
    }
  }

  private func error(_ phase: String, _ missing: [Int]) -> CommunicationError {
    let topology = group.topology
    let names = missing.map { "rank \($0) (host \(topology.hostNames[topology.hosts[$0]]))" }
    return CommunicationError(
      .timeout(missing: missing), rank: group.rank,
      "\(phase) waited \(timeout) for \(names.joined(separator: ", ")); "
        + "see whether it is stuck or its network is down, or allow a longer timeout")
  }
}
