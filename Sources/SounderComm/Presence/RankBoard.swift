import CKernels
import Foundation

/// What the ranks of a group are doing, as far as one of them can see it.
///
/// Every rank writes a line in memory that the ranks of its host see: its phase, the operations it has
/// begun, whom it waits for. Whoever waits too long reads it and names those who did not arrive. Writing
/// costs a few nanoseconds.
public final class RankBoard: @unchecked Sendable {
  // @unchecked: constant after the group is made; the lines are reached through C atomics, and `inquiry`
  // guards itself.

  /// A rank's host and process.
  struct Place: Sendable {
    var hostName: String
    var process: Int32
  }

  /// This rank's number in the group.
  let rank: Int
  /// After how long a wait is reported; nil for never.
  let stallWarning: Duration?
  private let places: [Place]
  private let lines: [UnsafeMutablePointer<ck_rank_activity>?]
  /// The word that the one rank of a host holds that reports a stall.
  private let reporter: UnsafeMutablePointer<UInt64>
  private let owners: [AnyObject]
  private let own: UnsafeMutablePointer<ck_rank_activity>
  /// Where warnings go.
  let write: @Sendable (String) -> Void
  /// What asks other hosts about their ranks; nil where all lines are seen.
  private(set) var inquiry: RankInquiry?
  /// The first failure that this rank's host has not heard of, from another host or group.
  var failureElsewhere: (@Sendable () -> CommunicationError?)?
  /// Set while one operation of the user's consists of several on the host.
  @exclusivity(unchecked) private var isComposing = false

  /// The bytes the lines of a host take: one for the stall's reporter and one for each rank.
  static func byteCount(ranks: Int) -> Int { (ranks + 1) * MemoryLayout<ck_rank_activity>.stride }

  /// - Parameters:
  ///   - places: Of all ranks.
  ///   - hosts: The memory of the hosts whose lines can be seen and the ranks there.
  init(
    rank: Int, places: [Place], hosts: [(base: UnsafeMutableRawPointer, ranks: [Int])],
    owners: [AnyObject], stallWarning: Duration?,
    write: @escaping @Sendable (String) -> Void = RankBoard.writeToStandardError
  ) {
    self.rank = rank
    self.places = places
    self.owners = owners
    self.stallWarning = stallWarning.flatMap { $0 > .zero ? $0 : nil }
    self.write = write
    var lines: [UnsafeMutablePointer<ck_rank_activity>?] = places.map { _ in nil }
    var reporter: UnsafeMutablePointer<UInt64>?
    for host in hosts {
      let first = host.base.assumingMemoryBound(to: ck_rank_activity.self)
      for (index, rank) in host.ranks.enumerated() { lines[rank] = first + 1 + index }
      if host.ranks.contains(rank) {
        reporter = host.base.assumingMemoryBound(to: UInt64.self)
      }
    }
    guard let reporter, let own = lines[rank] else {
      fatalError("RankBoard: rank \(rank) is on none of the hosts")
    }
    self.lines = lines
    self.reporter = reporter
    self.own = own
    ck_word_store(word(own, \.process), UInt64(getpid()))
    ck_word_store(word(own, \.process_space), RankBoard.processSpace)
  }

  /// The board of a group of one rank.
  convenience init(rank: Int = 0, hostName: String) {
    let memory = Memory(byteCount: RankBoard.byteCount(ranks: 1))
    let place = Place(hostName: hostName, process: getpid())
    self.init(
      rank: rank, places: Array(repeating: place, count: rank + 1), hosts: [(memory.base, [rank])],
      owners: [memory], stallWarning: nil)
  }

  /// Zeroed memory of this process.
  private final class Memory {
    let base: UnsafeMutableRawPointer
    init(byteCount: Int) {
      base = .allocate(byteCount: byteCount, alignment: 128)
      _ = base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }
    deinit { base.deallocate() }
  }

  /// Writes a line to standard error in one piece.
  static let writeToStandardError: @Sendable (String) -> Void = { line in
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  // MARK: Writing

  /// Says what part of the job this rank begins.
  public func enter(_ phase: RankPhase, step: Int? = nil) {
    ck_activity_phase(own, RankActivity.phaseWord(phase, step: step))
  }

  /// Says which operation this rank begins.
  func begin(_ header: CollectiveHeader) {
    ck_activity_operation(own, header.record, header.isMessage ? 0 : 1)
  }

  /// Says which operation on its host this rank begins, unless that is a part of another.
  func beginOnHost(_ header: CollectiveHeader) { if !isComposing { begin(header) } }

  /// Runs an operation that is made of several on the host.
  func composing<Result>(_ body: () throws -> Result) rethrows -> Result {
    isComposing = true
    defer { isComposing = false }
    return try body()
  }

  /// The number of collectives this rank has begun.
  var collectives: UInt64 { ck_word_load(word(own, \.collectives)) }

  /// Says whom this rank waits for.
  func noteAwaited(_ other: Int?) {
    ck_word_store(word(own, \.awaited), other.map { UInt64($0 + 1) } ?? 0)
  }

  private func word(
    _ line: UnsafeMutablePointer<ck_rank_activity>,
    _ path: WritableKeyPath<ck_rank_activity, UInt64>
  ) -> UnsafeMutablePointer<UInt64> {
    let offset = MemoryLayout<ck_rank_activity>.offset(of: path) ?? 0
    return UnsafeMutableRawPointer(line).advanced(by: offset).assumingMemoryBound(to: UInt64.self)
  }

  /// The name space of process numbers that this process is in; containers have their own.
  private static let processSpace: UInt64 = {
    var information = stat()
    return stat("/proc/self/ns/pid", &information) == 0 ? UInt64(information.st_ino) : 0
  }()

  // MARK: Reading

  /// What a rank is doing, or was when it last answered; nil when it cannot be seen and nobody has answered.
  func activity(of other: Int) -> RankActivity? {
    guard let line = lines[other] else { return inquiry?.answer(about: other)?.activity }
    return RankActivity(line)
  }

  /// Whether a rank's line is in the memory of this process.
  func sees(_ other: Int) -> Bool { lines[other] != nil }

  /// Whether there is a rank with this number.
  func knows(_ other: Int) -> Bool { places.indices.contains(other) }

  /// A rank and the others of its host, that rank first.
  func hostmates(of other: Int) -> [Int] {
    [other] + places.indices.filter { $0 != other && hostName(of: $0) == hostName(of: other) }
  }

  func hostName(of other: Int) -> String { places[other].hostName }

  func process(of other: Int) -> Int32 {
    let written = lines[other].map { RankActivity($0).process } ?? 0
    return written != 0 ? written : places[other].process
  }

  /// The error of a wait for a rank that has left the job; nil while all are there.
  ///
  /// A rank leaves after all it has published: who sees it gone looks once more for what it waits for.
  func whoLeft(of others: [Int], _ operation: @autoclosure () -> String) -> CommunicationError? {
    guard let left = others.first(where: { activity(of: $0)?.phase == .end }) else { return nil }
    return CommunicationError(
      .peerFailure(rank: left), rank: rank,
      "\(name(of: left)) has left the job, but \(name(of: rank)) waits for it in \(operation()); "
        + "all ranks must make the same calls to the end")
  }

  // MARK: Other hosts

  /// Joins this board with those of the other hosts, over a port between all ranks; before it is used.
  func join(over port: any MessagePort) { inquiry = RankInquiry(port: port, board: self) }

  /// Answers what other hosts ask about the ranks of this one; called now and then by ranks that wait.
  func attend() { inquiry?.attend() }

  // MARK: Reporting

  /// Takes the right to report a stall, which one rank of a host has at a time.
  func claimReport() -> Bool { ck_claim_u64(reporter, UInt64(rank + 1)) }
  func releaseReport() { ck_disclaim_u64(reporter) }

  /// Whether the system can be asked about a rank's process, which is another than this.
  func sharesProcesses(with other: Int) -> Bool {
    guard let line = lines[other], process(of: other) != getpid() else { return false }
    return process(of: other) > 0
      && ck_word_load(word(line, \.process_space)) == RankBoard.processSpace
  }

  func report(_ line: String) { write(line) }
}
