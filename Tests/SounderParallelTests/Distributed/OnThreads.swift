import Foundation

/// Runs `body` on `count` threads at once and returns what each returned or threw.
func onThreads<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) -> [Result<Value, any Error>] {
  let outcomes = ThreadOutcomes<Value>(count: count)
  let done = DispatchSemaphore(value: 0)
  for index in 0..<count {
    Thread {
      outcomes.set(Result { try body(index) }, index)
      done.signal()
    }.start()
  }
  for _ in 0..<count { done.wait() }
  return outcomes.all
}

private final class ThreadOutcomes<Value: Sendable>: @unchecked Sendable {
  // @unchecked: guarded by `lock`.
  private let lock = NSLock()
  private var values: [Result<Value, any Error>?]

  init(count: Int) { values = Array(repeating: nil, count: count) }

  func set(_ value: Result<Value, any Error>, _ index: Int) {
    lock.withLock { values[index] = value }
  }

  var all: [Result<Value, any Error>] { lock.withLock { values.compactMap { $0 } } }
}
