import Foundation

extension CollectiveGroup {
  /// Divides the ranks; see ``ProcessGroup/split(color:key:)``.
  public func split(color: Int?, key: Int) throws -> (any ProcessGroup)? {
    let split = try GroupSplit(self, color: color, key: key)
    let made = try makeSubgroup(split)
    if let made {
      subgroups.add(made)
      made.outer = self
      made.board.failureElsewhere = { [weak made] in made?.failureElsewhere() }
    }
    return made
  }

  /// The first failure on another host or of the group this one was made from, for ranks that wait
  /// where they would not hear of it.
  func failureElsewhere() -> CommunicationError? {
    do { try transport?.checkFailure() } catch { return .wrapping(error, rank: rank) }
    guard let outer else { return nil }
    do { try outer.checkFailure() } catch { outer.subgroups.fail(error) }
    return host.flags.failure
  }
}

/// The groups that were made from a group, told of its failures.
///
/// They live as long as it does: the others must hear of a rank that fails after it has dropped them.
final class Subgroups: @unchecked Sendable {
  // @unchecked: `groups` is guarded by `lock`.
  private let lock = NSLock()
  private var groups: [CollectiveGroup] = []

  func add(_ group: CollectiveGroup) { lock.withLock { groups.append(group) } }

  /// Lets waits in all of them end with the outer group's error.
  func fail(_ error: any Error) {
    for group in lock.withLock({ groups }) {
      group.fail(
        CommunicationError(
          .peerFailure(rank: group.rank), rank: group.rank,
          "the group it was made from failed: \(error)"))
    }
  }
}
