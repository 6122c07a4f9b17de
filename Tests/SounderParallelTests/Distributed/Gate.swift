import Foundation

/// Lets a thread wait for another, at most 20 s.
final class Gate: @unchecked Sendable {
  // @unchecked: guarded by `condition`.
  private let condition = NSCondition()
  private var isOpen = false

  func open() {
    condition.lock()
    isOpen = true
    condition.broadcast()
    condition.unlock()
  }

  func wait() {
    let end = Date(timeIntervalSinceNow: 20)
    condition.lock()
    while !isOpen && condition.wait(until: end) {}
    condition.unlock()
  }
}
