import Foundation

/// A queue between two threads that makes the faster one wait.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  // @unchecked: every property but the condition is touched only while the condition is locked.

  private let condition = NSCondition()
  private let capacity: Int
  private var elements: [Element] = []
  private var isFinished = false
  private var isClosed = false
  private var failure: (any Error)?

  init(capacity: Int) { self.capacity = max(capacity, 1) }

  /// Adds an element, waiting for room; false once the queue is closed.
  func push(_ element: Element) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while elements.count >= capacity, !isClosed { condition.wait() }
    guard !isClosed else { return false }
    elements.append(element)
    condition.broadcast()
    return true
  }

  /// Takes the first element, waiting for one; nil when the queue is finished or closed.
  func pop() throws -> Element? {
    condition.lock()
    defer { condition.unlock() }
    while elements.isEmpty, !isFinished, !isClosed { condition.wait() }
    if elements.isEmpty || isClosed {
      if let failure, !isClosed { throw failure }
      return nil
    }
    condition.broadcast()
    return elements.removeFirst()
  }

  /// Tells the taker that no more elements come, because of an error if one is given.
  func finish(throwing error: (any Error)? = nil) {
    condition.lock()
    defer { condition.unlock() }
    failure = error
    isFinished = true
    condition.broadcast()
  }

  /// Tells both sides that nobody listens any more.
  func close() {
    condition.lock()
    defer { condition.unlock() }
    isClosed = true
    elements = []
    condition.broadcast()
  }
}
