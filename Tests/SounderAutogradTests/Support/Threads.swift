import Foundation

/// Runs `body` on `count` threads that start together, and returns what each returned or threw.
func onThreads<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) -> [Result<Value, any Error>] {
  let results = ThreadResults<Value>(count: count)
  let ready = DispatchSemaphore(value: 0)
  let start = DispatchSemaphore(value: 0)
  let done = DispatchSemaphore(value: 0)
  for index in 0..<count {
    Thread {
      ready.signal()
      start.wait()
      let result = Result { try body(index) }
      results.set(result, index)
      done.signal()
    }.start()
  }
  for _ in 0..<count { ready.wait() }
  for _ in 0..<count { start.signal() }
  for _ in 0..<count { done.wait() }
  return results.all
}

private final class ThreadResults<Value: Sendable>: Sendable {
  private let values: Guarded<[Result<Value, any Error>?]>

  init(count: Int) { values = Guarded(Array(repeating: nil, count: count)) }

  func set(_ value: Result<Value, any Error>, _ index: Int) {
    values.withLock { $0[index] = value }
  }

  var all: [Result<Value, any Error>] { values.withLock { $0.compactMap { $0 } } }
}

/// A value behind a lock that ThreadSanitizer knows, which it does not know `Mutex` to be.
final class Guarded<Value: Sendable>: @unchecked Sendable {
  // @unchecked: `value` is only reached with the lock held.
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.withLock { body(&value) }
  }
}
