import CKernels

/// Which rank a run stopped at, found from what the ranks were doing.
enum FirstCause: Equatable {
  /// Every rank came to its end.
  case inOrder
  /// A rank failed by itself, before all others.
  case failed(rank: Int)
  /// A rank stopped without a word, or the others waited for it in vain.
  case stopped(rank: Int)
  /// The processes are there, and something happened in the last seconds.
  case running
  /// The processes are there, but nothing happens; a rank holds the others up.
  case stalled(rank: Int, seconds: Double)

  /// After so long without an event a run that is alive is called stalled.
  private static let stallSeconds = 5.0

  /// The rank, if there is one.
  var rank: Int? {
    switch self {
    case .inOrder, .running: nil
    case .failed(let rank), .stopped(let rank), .stalled(let rank, _): rank
    }
  }

  /// Finds the cause.
  /// - Parameter pictures: of the moment when the first rank failed or gave up, if any did.
  init(_ pictures: [RankPicture]) {
    let waits = WaitGraph(pictures)
    let ends = pictures.filter { [.failed, .gaveUp].contains($0.record.state) }
      .sorted { ($0.record.stateTime ?? 0) < ($1.record.stateTime ?? 0) }
    if let first = ends.first {
      let rank = waits.cause(from: first.rank)
      let state = pictures.first { $0.rank == rank }?.record.state
      self = state == .failed ? .failed(rank: rank) : .stopped(rank: rank)
      return
    }
    guard let rank = waits.suspect else {
      self = .inOrder
      return
    }
    let alive = pictures.filter { $0.fate == .running || $0.fate == .stopped }
    guard alive.count == pictures.filter({ $0.record.state == .running }).count,
      let age = alive.compactMap(Self.age).min()
    else {
      self = .stopped(rank: rank)
      return
    }
    let isStopped = pictures.contains { $0.fate == .stopped }
    self =
      age < Self.stallSeconds && !isStopped ? .running : .stalled(rank: rank, seconds: age)
  }

  /// Seconds since the last event of a rank that runs on this machine.
  private static func age(_ picture: RankPicture) -> Double? {
    picture.record.events.map(\.lastTime).max().map {
      Double(picture.record.time(ck_monotonic_nanoseconds()) &- $0) / 1e9
    }
  }
}

/// Which rank waits for which.
struct WaitGraph {
  private let pictures: [Int: RankPicture]

  init(_ pictures: [RankPicture]) {
    self.pictures = Dictionary(pictures.map { ($0.rank, $0) }) { first, _ in first }
  }

  /// Who is at the bottom of why a rank gave up or failed; maybe a rank without a record.
  func cause(from first: Int) -> Int {
    let ranks = path(from: first)
    guard let last = ranks.last else { return first }
    // In a circle of waits, and for one who gave up on nobody in particular, the evidence decides.
    let isOpen = pictures[last].map { $0.record.state == .gaveUp && $0.waitedFor == nil } ?? false
    if isOpen || pictures[last].flatMap(\.waitedFor).map(ranks.contains) == true {
      let running = runningRanks
      return suspect(among: isOpen ? running : ranks.filter(running.contains)) ?? last
    }
    return last
  }

  /// The rank that most likely keeps or kept the others; nil if none is without an end.
  var suspect: Int? { suspect(among: runningRanks) }

  /// The ranks that have not come to an end of their own.
  private var runningRanks: [Int] {
    pictures.values.filter { $0.record.state == .running || $0.isBlamedByItself }.map(\.rank)
  }

  /// The ranks from one to the one that it waits for, and so on; no rank comes twice.
  private func path(from first: Int) -> [Int] {
    var ranks = [first]
    var seen: Set = [first]
    while let last = ranks.last, let next = pictures[last].flatMap(\.waitedFor),
      pictures[next]?.record.state != .ended, seen.insert(next).inserted
    {
      ranks.append(next)
    }
    return ranks
  }

  /// The ranks at which the waits of a rank end: one, or those of a circle.
  private func bottom(from first: Int) -> ArraySlice<Int> {
    let ranks = path(from: first)
    if let last = ranks.last, let next = pictures[last].flatMap(\.waitedFor),
      let start = ranks.firstIndex(of: next)
    {
      return ranks[start...]
    }
    return ranks.suffix(1)
  }

  private func suspect(among ranks: [Int]) -> Int? {
    var waiters: [Int: Int] = [:]
    for rank in runningRanks { for end in bottom(from: rank) { waiters[end, default: 0] += 1 } }
    let running = runningRanks.compactMap { pictures[$0] }
    let someAlive = running.contains { $0.fate == .running || $0.fate == .stopped }
    // Whoever received a signal to stop was alive when a launcher cleared up.
    let signalled = Set(
      running.filter { $0.record.signalTime != nil }.map(\.record.process.number))
    /// Small for the guilty; compared from left to right.
    func evidence(_ picture: RankPicture) -> [Int64] {
      let fate: Int64 =
        switch picture.fate {
        case .gone: someAlive ? 0 : 2
        case .stopped: 1
        case .running, nil: 2
        }
      return [
        fate,
        signalled.isEmpty || signalled.contains(picture.record.process.number) ? 1 : 0,
        waiters[picture.rank] == nil ? 1 : 0,
        picture.isBlocked ? 1 : 0,
        Int64(-(waiters[picture.rank] ?? 0)),
        picture.lastSign ?? .min,
        Int64(picture.rank),
      ]
    }
    return ranks.compactMap { pictures[$0] }
      .min { evidence($0).lexicographicallyPrecedes(evidence($1)) }?.rank
  }
}
