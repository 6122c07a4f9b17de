import CKernels

/// Follows one wait for other ranks: reports it once when it takes long, and its end.
///
/// Several ranks of a host that wait for the same one report it once, together.
package struct StallWatch {
  private let board: RankBoard
  private let start: UInt64
  private var isReporter = false
  private var inquired: UInt64 = 0

  /// After how long other hosts are asked, and how often again, if no warning is due earlier.
  private static let inquiryDelay: UInt64 = 1_000_000_000
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
    board.attend()
    let limit = board.stallWarning.map { UInt64($0.wholeNanoseconds) } ?? .max
    let waited = waited
    inquire(about: missing(), waited, limit)
    guard waited >= limit / 2 else { return }
    let ranks = missing()
    board.noteAwaited(ranks.first)
    guard waited >= limit, !isReporter, !ranks.isEmpty, board.claimReport() else { return }
    isReporter = true
    board.report(
      "warning: \(board.name(of: board.rank)) has waited \(seconds(waited)) in \(operation()) for "
        + board.describe(ranks))
  }

  /// Asks other hosts what the missing ranks are doing, so that their answers are there when it is time to
  /// report.
  private mutating func inquire(
    about missing: @autoclosure () -> [Int], _ waited: UInt64, _ limit: UInt64
  ) {
    guard let inquiry = board.inquiry, waited >= min(StallWatch.inquiryDelay, limit / 2),
      waited &- inquired >= min(StallWatch.inquiryInterval, limit / 8)
    else { return }
    inquired = waited
    let unseen = missing().filter { !board.sees($0) }
    let awaited = unseen.compactMap { board.activity(of: $0)?.awaited }
    inquiry.ask(about: unseen + awaited.filter { !board.sees($0) && !unseen.contains($0) })
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
