import Foundation

/// A thread of the system with a stack deep enough for any rank's work.
///
/// Ranks block while they wait for each other, which Swift's cooperative threads must not do.
package struct RankThread {
  private let thread: pthread_t

  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread.
  package init(stackBytes: Int = 16 << 20, _ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body)).toOpaque()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, work)
    guard code == 0 else {
      fatalError("pthread_create failed: \(String(cString: strerror(code))); allow more threads")
    }
    self.thread = thread
  }

  /// Waits until the thread has ended.
  package func join() { pthread_join(thread, nil) }
}

/// What the ranks of a thread group returned or threw.
final class RankOutcomes<Result: Sendable>: @unchecked Sendable {
  // @unchecked: guarded by `lock`.
  private let lock = NSLock()
  private var values: [Result?]
  private var first: RankError?

  init(ranks: Int) { values = Array(repeating: nil, count: ranks) }

  func finish(_ rank: Int, _ value: Result) { lock.withLock { values[rank] = value } }

  /// Keeps the first failure; a rank that only tells of another's may be quicker to end than that one.
  func fail(_ rank: Int, _ error: any Error) {
    lock.withLock {
      if first == nil || first?.isHearsay == true && !error.isHearsay(of: rank) {
        first = RankError(rank: rank, underlying: error)
      }
    }
  }

  func results() throws -> [Result] {
    try lock.withLock {
      if let first { throw first }
      return values.compactMap { $0 }
    }
  }
}

extension RankError {
  fileprivate var isHearsay: Bool { underlying.isHearsay(of: rank) }
}

extension Error {
  /// Whether a rank tells with this error that another one has failed.
  fileprivate func isHearsay(of rank: Int) -> Bool {
    guard case .peerFailure(let other)? = (self as? CommunicationError)?.kind else { return false }
    return other != rank
  }
}
