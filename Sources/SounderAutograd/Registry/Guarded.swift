import Foundation

/// A value that one thread at a time may use.
///
/// Like `Synchronization.Mutex`, with a lock that ThreadSanitizer knows.
package final class Guarded<Value>: @unchecked Sendable {
  // @unchecked: `value` is read and written under `lock` only.
  private let lock = NSLock()
  private var value: Value

  /// Guards a value nobody else holds.
  package init(_ value: Value) { self.value = value }

  /// Runs `body` with the value, while other threads wait.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
