import Foundation
import SounderComm
import Synchronization

/// Moves the transfers of a network leg on, on one thread, while another thread uses the leg.
final class TransferMover: @unchecked Sendable {
  // @unchecked: `base` beyond its constants, `failure`, `isAsleep` and `isStopping` are guarded by `lock`.

  /// The leg; what it never changes may be read at any time.
  let base: any NetworkLeg
  private let lock = NSLock()
  /// Threads that wait for the lock: the mover, which takes it again and again, then stays behind.
  private let waiting = Atomic<Int>(0)
  /// Raised for a mover that sleeps.
  private let work = DispatchSemaphore(value: 0)
  private var isAsleep = false
  private var isStopping = false
  private var failure: (any Error)?

  /// Microseconds between two looks at the transfers.
  private static let pause: UInt32 = 20

  init(_ base: any NetworkLeg) { self.base = base }

  // MARK: The mover

  /// Moves transfers on until ``stop()``; sleeps while there are none.
  func run() {
    while true {
      if waiting.load(ordering: .relaxed) > 0 {
        sched_yield()
        continue
      }
      lock.lock()
      let isBusy = failure == nil && base.isBusy
      if isBusy {
        do { try base.moveTransfers() } catch { failure = error }
      } else {
        isAsleep = true
      }
      let isOver = isStopping
      lock.unlock()
      if isOver { return }
      if isBusy { usleep(Self.pause) } else { work.wait() }
    }
  }

  /// Ends ``run()``.
  func stop() {
    lock.withLock {
      isStopping = true
      wake()
    }
  }

  private func wake() {
    guard isAsleep else { return }
    isAsleep = false
    work.signal()
  }

  // MARK: The rank's own thread

  /// Uses the leg while the mover stands still.
  /// - Throws: what the mover or `body` has thrown.
  func alone<Result>(_ body: (any NetworkLeg) throws -> Result) throws -> Result {
    try read {
      if let failure { throw failure }
      return try body($0)
    }
  }

  /// Uses the leg, of whatever the mover has thrown.
  func read<Result>(_ body: (any NetworkLeg) throws -> Result) rethrows -> Result {
    waiting.add(1, ordering: .relaxed)
    lock.lock()
    waiting.subtract(1, ordering: .relaxed)
    defer { lock.unlock() }
    let result = try body(base)
    if base.isBusy { wake() }
    return result
  }

  /// Uses the leg unless the mover is at work just now; nil if it is.
  func glance<Result>(_ body: (any NetworkLeg) throws -> Result) rethrows -> Result? {
    guard lock.try() else { return nil }
    defer { lock.unlock() }
    return try body(base)
  }
}
