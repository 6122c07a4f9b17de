import SounderTrace

/// Who stopped a run, where, and who waited for whom: told from the flight recorders of its ranks.
///
/// ```swift
/// let diagnosis = try Diagnosis(RunDirectory(path: "runs/mine"))
/// print(diagnosis)
/// ```
///
/// A rank that failed has said so in its record; of the others the last events tell, which are the
/// same for a rank that was killed and one that hung. The clocks of hosts are aligned as they were at the
/// begin of the run.
public struct Diagnosis {
  let log: FlightLog
  /// By rank, at the moment when the first rank failed or gave up, or at the end.
  let pictures: [RankPicture]
  let cause: FirstCause
  /// How many events of a rank are shown.
  let eventCount: Int

  /// Reads the recordings of a run that has ended, crashed, or goes on.
  ///
  /// - Parameter eventCount: how many of the last events of each rank are shown.
  /// - Throws: ``FlightError`` if there is nothing to read; single files may be missing or damaged.
  public init(_ directory: RunDirectory, eventCount: Int = 5) throws(FlightError) {
    self.init(try FlightLog(directory), eventCount: eventCount)
  }

  init(_ log: FlightLog, eventCount: Int = 5) {
    self.log = log
    self.eventCount = eventCount
    let moment = log.records.filter { [.failed, .gaveUp].contains($0.state) }
      .compactMap(\.stateTime).min()
    pictures = log.records.map { RankPicture($0, at: moment) }
    cause = FirstCause(pictures)
  }

  /// The last sign of life of any rank, from which times are counted back.
  var end: Int64 { pictures.compactMap(\.lastSign).max() ?? 0 }

  /// Ranks that waited for one rank, and in what.
  struct Wait: Equatable {
    let rank: Int
    let waiting: [Int]
  }

  /// Who waited for whom, the most awaited first.
  var waits: [Wait] {
    let pairs = pictures.compactMap { picture in picture.waitedFor.map { ($0, [picture.rank]) } }
    return Dictionary(pairs, uniquingKeysWith: +).map { Wait(rank: $0.key, waiting: $0.value) }
      .sorted { (-$0.waiting.count, $0.rank) < (-$1.waiting.count, $1.rank) }
  }

  /// Collectives with the same number that differ between ranks: each with an example of a rank.
  var mismatches: [(ordinal: UInt64, operations: [(rank: Int, summary: String)])] {
    if cause == .inOrder || cause == .running { return [] }
    let last = pictures.compactMap { picture in
      picture.lastCollective.map { (rank: picture.rank, event: $0) }
    }
    return Dictionary(grouping: last) { $0.event.ordinal }.sorted { $0.key < $1.key }
      .compactMap { ordinal, calls in
        var kinds: [(rank: Int, summary: String)] = []
        for call in calls where !kinds.contains(where: { $0.summary == call.event.summary }) {
          kinds.append((call.rank, call.event.summary))
        }
        return kinds.count > 1 ? (ordinal, kinds) : nil
      }
  }

  func picture(of rank: Int) -> RankPicture? { pictures.first { $0.rank == rank } }
}
