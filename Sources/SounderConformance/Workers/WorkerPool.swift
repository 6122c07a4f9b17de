import Foundation
import Synchronization

/// Runs the cases of many operators in several worker processes at a time.
public struct WorkerPool: Sendable {
  private let command: WorkerCommand
  private let size: Int

  /// A pool of at most `size` workers.
  public init(_ command: WorkerCommand, size: Int) {
    self.command = command
    self.size = size
  }

  /// Runs all cases of the given operators.
  /// - Throws: ``ConformanceError`` if files cannot be used or workers cannot be started.
  public func report(on names: [String]) throws -> ConformanceReport {
    // A worker that is gone is found out when its reply is read; writing to it must not end this process.
    signal(SIGPIPE, SIG_IGN)
    let state = Mutex(State(names: names))
    DispatchQueue.concurrentPerform(iterations: max(1, min(size, names.count))) { _ in
      let checker = OperatorChecker(command)
      while let name = state.withLock({ $0.next() }) {
        let result = Result { try checker.outcomes(of: name) }
        state.withLock { $0.take(result, of: name) }
      }
    }
    return try state.withLock { state in
      if let error = state.error { throw error }
      return ConformanceReport(operators: state.operators.sorted { $0.name < $1.name })
    }
  }

  private struct State {
    var names: ArraySlice<String>
    var operators: [ConformanceReport.Operator] = []
    var error: (any Error)?

    init(names: [String]) { self.names = names[...] }

    mutating func next() -> String? { error == nil ? names.popFirst() : nil }

    mutating func take(_ result: Result<[CaseOutcome], any Error>, of name: String) {
      switch result {
      case .success(let outcomes):
        operators.append(ConformanceReport.Operator(name: name, outcomes: outcomes))
      case .failure(let failure): error = error ?? failure
      }
    }
  }
}
