import CKernels
import Foundation
import SounderArray

/// Collectives of the ranks of one host, through a staging area that all of them see.
///
/// Each rank has four chunks in the staging area, used in turn over all collectives. Data moves in
/// *rounds*: a rank writes its chunk, publishes the *arrive* epoch, waits for everybody's, and reads
/// the chunks of the others. A reduction of a long buffer adds a second round, *ready*, after which
/// the slice each rank has reduced may be read.
///
/// Four chunks let a rank write chunk c while others still work on the ones before: before it writes,
/// it has waited for round c − 2 (and for the results of c − 3), which the others published after
/// they had finished with chunk c − 4, the one that used the same bytes.
final class SharedCollectives {
  let region: SharedRegion
  let flags: EpochFlags
  /// Bytes of a chunk, a multiple of 64.
  let chunkBytes: Int
  /// Up to this size, at most a chunk, every rank sums everything: one round instead of two.
  var symmetricBytes: Int

  private let staging: UnsafeMutableRawPointer
  private let rings: MessageRings
  private(set) var sequence: UInt64 = 0
  private var arrived: UInt32 = 0
  private var ready: UInt32 = 0
  private var chunk = 0
  private var failure: CommunicationError?

  private static let chunksPerRank = 4
  private static let arrive = 0
  private static let finish = 1

  /// Sizes of the staging area; tests make them small to reach the long paths cheaply.
  struct Sizes {
    var chunkBytes = 128 << 10
    var symmetricBytes = 1 << 10
  }

  static func byteCount(ranks: Int, _ sizes: Sizes = Sizes()) -> Int {
    stagingOffset(ranks) + ranks * chunksPerRank * sizes.chunkBytes
      + MessageRings.byteCount(ranks: ranks)
  }

  private static func stagingOffset(_ ranks: Int) -> Int {
    (boardOffset(ranks) + RankBoard.byteCount(ranks: ranks) + 4095) / 4096 * 4096
  }

  /// Where the group's first region holds what its ranks are doing.
  static func boardOffset(_ ranks: Int) -> Int {
    (EpochFlags.byteCount(ranks: ranks) + 127) / 128 * 128
  }

  init(region: SharedRegion, _ sizes: Sizes = Sizes()) {
    self.region = region
    flags = EpochFlags(region: region)
    chunkBytes = sizes.chunkBytes
    symmetricBytes = min(sizes.symmetricBytes, sizes.chunkBytes)
    let ranks = region.localSize
    staging = region.base + SharedCollectives.stagingOffset(ranks)
    rings = MessageRings(
      flags: flags, base: staging + ranks * SharedCollectives.chunksPerRank * sizes.chunkBytes)
  }

  var rank: Int { region.localRank }
  var size: Int { region.localSize }
  var messages: MessageRings { rings }
  var board: RankBoard { region.membership.board }

  // MARK: Rounds

  /// Begins a collective: all that follows until the next one belongs to `header`.
  func begin(_ header: CollectiveHeader) throws -> Round {
    if let failure { throw failure }
    if let failure = flags.failure { throw failure }
    sequence += 1
    flags.announce(header, sequence)
    board.beginOnHost(header)
    return Round(header: header, first: chunk, arrived: arrived, ready: ready)
  }

  /// One collective in progress; chunks count from 0.
  struct Round {
    let header: CollectiveHeader
    fileprivate let first: Int
    fileprivate let arrived: UInt32
    fileprivate let ready: UInt32
  }

  /// The place of a rank's chunk.
  func slot(_ round: Round, _ rank: Int, _ index: Int) -> UnsafeMutableRawPointer {
    let turn = (round.first + index) % SharedCollectives.chunksPerRank
    return staging + (rank * SharedCollectives.chunksPerRank + turn) * chunkBytes
  }

  /// Says that this rank's chunk is written.
  func publishChunk(_ round: Round, _ index: Int) {
    arrived = round.arrived &+ UInt32(index + 1)
    chunk = round.first + index + 1
    flags.publish(channel: SharedCollectives.arrive, epoch: arrived)
  }

  /// Waits for a chunk of all ranks; the first one also proves that all mean the same collective.
  func waitForChunk(_ round: Round, _ index: Int) throws {
    try failing {
      try flags.waitForAll(
        channel: SharedCollectives.arrive, epoch: round.arrived &+ UInt32(index + 1),
        "\(round.header) (collective \(board.collectives))")
      if index == 0 { try flags.checkAnnouncements(sequence, number: board.collectives) }
    }
  }

  /// Says that this rank's slice of a chunk is reduced.
  func publishResult(_ round: Round, _ index: Int) {
    ready = round.ready &+ UInt32(index + 1)
    flags.publish(channel: SharedCollectives.finish, epoch: ready)
  }

  /// Waits for all slices of a chunk.
  func waitForResult(_ round: Round, _ index: Int) throws {
    try failing {
      try flags.waitForAll(
        channel: SharedCollectives.finish, epoch: round.ready &+ UInt32(index + 1),
        "\(round.header) (collective \(board.collectives))")
    }
  }

  /// Runs a step; its error is that of all later collectives.
  private func failing(_ body: () throws -> Void) throws {
    do { try body() } catch let error as CommunicationError {
      failure = error
      throw flags.record(error)
    }
  }

  func barrier() throws { try synchronize(CollectiveHeader(.barrier)) }

  /// A round that moves no data.
  func synchronize(_ header: CollectiveHeader) throws {
    let round = try begin(header)
    publishChunk(round, 0)
    try waitForChunk(round, 0)
  }

  func fail(_ error: any Error) { flags.fail(error) }
}
