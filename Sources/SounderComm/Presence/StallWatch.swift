import CKernels

/// Follows one wait for other ranks: reports it once when it takes long, and its end.
///
/// Several ranks of a host that wait for the same one report it once, together.
package struct StallWatch {
  private let board: RankBoard
  private let start: UInt64
  private var isReporter = false
  private var inquired: UInt64 = 0

  /// How often other hosts are asked again.
  private static let inquiryInterval: UInt64 = 500_000_000

  /// Begins to watch a wait that has begun at `start` on the monotonic clock.
  package init(_ board: RankBoard, since start: UInt64) {
    self.board = board
    self.start = start
  }

  /// The time waited so far, in nanoseconds.
  package var waited: UInt64 { ck_monotonic_nanoseconds() &- start }

  /// Called now and then while the wait goes on.
  ///
  /// - Parameters:
  ///   - missing: the ranks that have not arrived.
  ///   - operation: what they have not arrived at.
  package mutating func look(
    for missing: @autoclosure () -> [Int], in operation: @autoclosure () -> String
  ) {
    guard let limit = board.stallWarning.map({ UInt64($0.wholeNanoseconds) }) else { return }
    let waited = waited
    guard waited >= limit / 2 else { return }
    let ranks = missing()
    board.noteAwaited(ranks.first)
    let now = start &+ waited
    if let inquire = board.inquire, now &- inquired >= StallWatch.inquiryInterval {
      inquired = now
      let unseen = ranks.filter { !board.sees($0) }
      if !unseen.isEmpty { inquire(unseen) }
    }
    guard waited >= limit, !isReporter, !ranks.isEmpty, board.claimReport() else { return }
    isReporter = true
    board.report(
      "warning: \(board.name(of: board.rank)) has waited \(seconds(waited)) in \(operation()) for "
        + board.describe(ranks))
  }

  /// Called when the wait has ended well.
  package mutating func end(_ operation: @autoclosure () -> String) {
    board.noteAwaited(nil)
    guard isReporter else { return }
    isReporter = false
    board.releaseReport()
    board.report(
      "note: \(board.name(of: board.rank)) goes on after \(seconds(waited)) in \(operation())")
  }

  /// Called when the wait has failed, which the error says.
  package mutating func abandon() {
    board.noteAwaited(nil)
    if isReporter { board.releaseReport() }
    isReporter = false
  }

  /// The text of a deadline that has passed.
  package func timeout(_ operation: String, missing: [Int]) -> String {
    "\(operation) waited \(seconds(waited)) for \(board.describe(missing)); see why it does not "
      + "arrive, or allow a longer parallel.timeout"
  }
}
