import CKernels
import Foundation
import SounderComm
import SounderTrace

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
    if try isDone() { return }
    let span = Trace.begin(.network, "transfer", try missing().first ?? -1)
    defer { Trace.end(span) }
    var stall = StallWatch(group.board, since: ck_monotonic_nanoseconds())
    do {
      var round = 0
      repeat {
        try progress()
        round += 1
        if round % 16 == 0 { try look(&stall, phase(), missing) }
        if round < Self.yields { sched_yield() } else { usleep(Self.pause) }
      } while try !isDone()
    } catch {
      stall.abandon()
      throw error
    }
    stall.end(phase())
  }

  private func look(
    _ stall: inout StallWatch, _ phase: @autoclosure () -> String, _ missing: () throws -> [Int]
  ) throws {
    try channel.checkFailure()
    let missing = try missing()
    guard stall.waited > UInt64(max(timeout.wholeNanoseconds, 0)) else {
      return stall.look(for: missing, in: phase())
    }
    throw CommunicationError(
      .timeout(missing: missing), rank: group.rank, stall.timeout(phase(), missing: missing))
  }
}
