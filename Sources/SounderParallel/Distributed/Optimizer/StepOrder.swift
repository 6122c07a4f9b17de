import CKernels
import Foundation
import SounderArray
import SounderComm

/// Rank 0's book of steps: which are open, since which version, and in which order they update.
final class StepOrder: @unchecked Sendable {
  // @unchecked: all state is guarded by `condition`.
  let options: DistributedOptimizer.Options
  private let condition = NSCondition()
  /// The versions that open contexts were given, in the order in which they began.
  private var open: [(id: AutogradContextID, version: Int)] = []
  private var granted = 0
  private var counts = StalenessHistogram()

  /// The longest sleep before the clock is looked at.
  private static let slice = 0.02

  init(_ options: DistributedOptimizer.Options) { self.options = options }

  var openCount: Int { locked { open.count } }
  var histogram: StalenessHistogram { locked { counts } }

  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    condition.lock()
    defer { condition.unlock() }
    return try body()
  }

  /// The bound that steps wait for; nil where none does.
  private var waitingBound: Int? {
    if case .wait = options.whenStale { options.maximumStaleness } else { nil }
  }

  /// Gives a context the current version.
  ///
  /// With at most `bound` others open, the newcomer is fresh enough even if all of them update first.
  func begin(_ id: AutogradContextID, deadline: UInt64) throws -> Int {
    try locked {
      try wait(until: deadline, id) { waitingBound.map { open.count <= $0 } ?? true }
      open.append((id, granted))
      return granted
    }
  }

  /// The number of a context's update; -1 - staleness if it comes too late.
  func grant(_ id: AutogradContextID, deadline: UInt64) throws -> Int {
    try locked {
      try wait(until: deadline, id) { waitingBound.map { isFeasible(id, $0) } ?? true }
      guard let entry = open.first(where: { $0.id == id }) else { return granted }
      let staleness = granted - entry.version
      if let bound = options.maximumStaleness, staleness > bound { return -1 - staleness }
      remove(id)
      counts.record(staleness)
      defer { granted += 1 }
      return granted
    }
  }

  /// Forgets a context that has ended, with an update or without.
  func end(_ id: AutogradContextID) { locked { remove(id) } }

  private func remove(_ id: AutogradContextID) {
    open.removeAll { $0.id == id }
    condition.broadcast()
  }

  /// Whether all others can still update in time after this one, the oldest first.
  ///
  /// The oldest open context is always allowed, so somebody can go on.
  private func isFeasible(_ id: AutogradContextID, _ bound: Int) -> Bool {
    open.filter { $0.id != id }.map(\.version).enumerated().allSatisfy { place, version in
      granted + 1 + place - version <= bound
    } || open.first?.id == id
  }

  private func wait(
    until deadline: UInt64, _ id: AutogradContextID, _ isDone: () -> Bool
  ) throws {
    while !isDone() {
      guard ck_monotonic_nanoseconds() < deadline else {
        throw DistributedAutogradError(
          .timeout, rank: 0, operation: "DistributedOptimizer.step",
          "context \(id) waited for contexts \(open.map { "\($0.id)" }.joined(separator: ", ")), which would "
            + "become too stale; see whether their trainers are stuck")
      }
      _ = condition.wait(until: Date(timeIntervalSinceNow: Self.slice))
    }
  }
}
