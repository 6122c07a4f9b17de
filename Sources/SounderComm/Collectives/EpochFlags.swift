import CKernels
import Foundation
import SounderArray
import SounderTrace

/// One line of 128 bytes per rank in a shared region: epochs that only grow.
///
/// A rank publishes an epoch after it has written data; another that has seen the epoch sees the
/// data (release and acquire). Each rank has ``channelCount`` independent epochs. Epochs are compared
/// modulo 2³², so a counter may wrap; ranks must stay within 2³¹ of each other.
///
/// A failure of any rank of the group ends the waits of all, whichever flags they wait for.
///
/// The bytes of the region that the flags use (``byteCount(ranks:)``) must be zero at first.
public final class EpochFlags: @unchecked Sendable {
  // @unchecked: the properties are constant, and the shared words are reached through C atomics.

  /// The number of independent epochs of each rank.
  public static let channelCount = Int(CK_CHANNELS)
  /// The words each rank may use for data that rides along with its epoch.
  public static let payloadWords = Int(CK_PAYLOAD_WORDS)

  /// The ranks that share the flags.
  public let membership: HostMembership
  private let region: SharedRegion
  let failures: FailureRecord
  let lines: UnsafeMutablePointer<ck_rank_line>

  /// Waits are cut into slices, after each of which the waiter looks at the clock and its peers.
  static let slice: UInt64 = 20_000_000
  private static let lineBytes = 128
  private static let recordBytes = 1024

  /// The bytes the flags of a number of ranks take.
  public static func byteCount(ranks: Int) -> Int { recordBytes + ranks * lineBytes }

  /// Flags at a byte offset (a multiple of 128) of a region; every rank passes the same offset.
  public init(region: SharedRegion, offset: Int = 0) {
    require(
      offset % EpochFlags.lineBytes == 0, "EpochFlags: offset \(offset) is not a multiple of 128")
    precondition(MemoryLayout<ck_rank_line>.stride == EpochFlags.lineBytes)
    precondition(MemoryLayout<ck_failure>.stride <= EpochFlags.recordBytes)
    self.region = region
    membership = region.membership
    failures =
      region.failures
      ?? FailureRecord(region.pointer(at: offset, as: ck_failure.self), in: region.mapping)
    lines = region.pointer(
      at: offset + EpochFlags.recordBytes, as: ck_rank_line.self, count: region.localSize)
    ck_word_store(processWord(membership.localRank), UInt64(getpid()))
  }

  private func processWord(_ localRank: Int) -> UnsafeMutablePointer<UInt64> {
    word(localRank, fromEnd: EpochFlags.payloadWords + 1)
  }

  private func word(_ localRank: Int, fromEnd count: Int) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(lines + localRank).advanced(by: EpochFlags.lineBytes - count * 8)
      .assumingMemoryBound(to: UInt64.self)
  }

  /// The process of a rank, or 0 before it has attached.
  func process(of localRank: Int) -> Int32 {
    Int32(truncatingIfNeeded: ck_word_load(processWord(localRank)))
  }

  var failureRecord: UnsafeMutablePointer<ck_failure> { failures.record }

  func cell(_ localRank: Int, _ channel: Int) -> UnsafeMutablePointer<ck_epoch> {
    UnsafeMutableRawPointer(lines + localRank)
      .advanced(by: channel * MemoryLayout<ck_epoch>.stride)
      .assumingMemoryBound(to: ck_epoch.self)
  }

  // MARK: Epochs

  /// Sets this rank's epoch; all its earlier writes become visible to those who see the epoch.
  public func publish(channel: Int = 0, epoch: UInt32) {
    ck_epoch_publish(cell(membership.localRank, channel), epoch)
  }

  /// The epoch a rank (by its position on the host) has published.
  public func epoch(of localRank: Int, channel: Int = 0) -> UInt32 {
    ck_epoch_load(cell(localRank, channel))
  }

  /// Whether a rank has reached an epoch.
  public func isReached(_ localRank: Int, channel: Int = 0, epoch: UInt32) -> Bool {
    ck_epoch_passed(self.epoch(of: localRank, channel: channel), epoch) != 0
  }

  /// Waits until a rank has reached an epoch.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait; nil means the group's timeout.
  ///   - operation: what the caller is doing, for the error.
  /// - Throws: ``CommunicationError`` at the deadline, or the first failure of any rank.
  public func wait(
    for localRank: Int, channel: Int = 0, epoch: UInt32, timeout: Duration? = nil,
    _ operation: @autoclosure () -> String
  ) throws {
    var blocked = WaitSpan()
    defer { blocked.end() }
    if !isReached(localRank, channel: channel, epoch: epoch) {
      blocked.blocks(on: membership.ranks[localRank])
    }
    try wait(cell(localRank, channel), epoch, timeout, operation) { [localRank] }
  }

  /// Waits until all ranks of the host have reached an epoch.
  public func waitForAll(
    channel: Int = 0, epoch: UInt32, timeout: Duration? = nil,
    _ operation: @autoclosure () -> String
  ) throws {
    var blocked = WaitSpan()
    defer { blocked.end() }
    for other in 0..<membership.localSize where other != membership.localRank {
      if !isReached(other, channel: channel, epoch: epoch) {
        blocked.blocks(on: membership.ranks[other])
      }
      try wait(cell(other, channel), epoch, timeout, operation) {
        (0..<self.membership.localSize).filter {
          !self.isReached($0, channel: channel, epoch: epoch)
        }
      }
    }
  }

  // MARK: Payload

  /// Writes a word that rides along with this rank's next published epoch.
  public func setPayload(_ index: Int, _ value: UInt64) {
    ck_word_store(payload(membership.localRank, index), value)
  }

  /// The word a rank wrote before the epoch the caller has waited for.
  public func payload(of localRank: Int, _ index: Int) -> UInt64 {
    ck_word_load(payload(localRank, index))
  }

  private func payload(_ localRank: Int, _ index: Int) -> UnsafeMutablePointer<UInt64> {
    require(
      index >= 0 && index < EpochFlags.payloadWords, "EpochFlags: there is no payload word \(index)"
    )
    return word(localRank, fromEnd: EpochFlags.payloadWords - index)
  }
}
