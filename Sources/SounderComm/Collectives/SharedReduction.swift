import CKernels
import SounderArray

/// A reduction of contributions that already lie in shared memory, in place: nothing is copied.
///
/// Every rank writes its contribution to a slot of a shared region. Then each reduces one slice of
/// all slots and writes the result to all of them; when all have done so every slot holds the whole
/// result. A slice that one rank has read from another's cache is overwritten while it is there, which
/// is what makes the owner's next write to its slot cheap (see `ck_shared_claim`):
///
/// ```swift
/// let region = try group.makeSharedRegion(byteCount: …)
/// let reduction = SharedReduction(region: region)      // the first bytes of the region
/// // … write gradients to the own slot …
/// try reduction.reduce(slots, count: n, .float32, .mean)
/// ```
///
/// The steps can be taken apart, to do other work between them or to use a reduced slice at once:
/// ``contribute(count:_:_:)``, ``waitForContributions()``, ``reduceSlice(_:)``, ``finish()`` and
/// ``waitForResult()``, in this order. A rank may begin the next reduction when it has waited for the
/// contributions of this one; slots may be written again, and the result is complete, after the last
/// step. Use one instance for each reduction that is to be in progress at the same time.
public final class SharedReduction: @unchecked Sendable {
  // @unchecked: used by one thread of a rank at a time; ranks meet in the flags.

  /// The bytes of the region that hold the flags of a number of ranks; they must be zero at first.
  public static func byteCount(ranks: Int) -> Int { EpochFlags.byteCount(ranks: ranks) }

  /// The flags of the ranks; their payload words are free for the caller.
  public let flags: EpochFlags

  private var sequence: UInt64 = 0
  private var header = CollectiveHeader(.reduceShared)
  private var kernel: ReductionKernel?

  private static let arrive = 0
  private static let finished = 1

  /// A reduction whose flags lie at a byte offset (a multiple of 128) of a region.
  public init(region: SharedRegion, offset: Int = 0) {
    flags = EpochFlags(region: region, offset: offset)
  }

  private var rank: Int { flags.membership.localRank }
  private var size: Int { flags.membership.localSize }
  private var epoch: UInt32 { UInt32(truncatingIfNeeded: sequence) }

  /// Reduces the slots of all ranks, in the order of the ranks, into each of them.
  ///
  /// Returns when every slot holds the whole result; each rank may then write its own again.
  ///
  /// - Throws: ``CommunicationError`` when ranks disagree, fail or do not come.
  public func reduce(
    _ slots: [UnsafeMutableRawPointer], count: Int, _ type: DType, _ operation: ReduceOperation
  ) throws {
    contribute(count: count, type, operation)
    try waitForContributions()
    reduceSlice(slots)
    finish()
    try waitForResult()
  }

  /// Says that this rank's slot is written.
  public func contribute(count: Int, _ type: DType, _ operation: ReduceOperation) {
    sequence += 1
    header = CollectiveHeader(.reduceShared, operation, type, count: count)
    kernel = ReductionKernel(operation, type, ranks: size)
    flags.announce(header, sequence)
    flags.publish(channel: SharedReduction.arrive, epoch: epoch)
  }

  /// Whether all slots are written; never waits.
  public var hasContributions: Bool {
    (0..<size).allSatisfy { flags.isReached($0, channel: SharedReduction.arrive, epoch: epoch) }
  }

  /// Waits until all slots are written, and checks that all ranks mean the same reduction.
  public func waitForContributions() throws {
    try flags.waitForAll(
      channel: SharedReduction.arrive, epoch: epoch, "\(header) (reduction \(sequence))")
    do { try flags.checkAnnouncements(sequence, number: sequence) } catch let error
      as CommunicationError
    {
      throw flags.record(error)
    }
  }

  /// The elements this rank reduces; slices begin on multiples of 64 bytes.
  public var slice: Range<Int> {
    SounderComm.slice(
      of: header.count, part: rank, parts: size, elementBytes: header.type?.byteSize ?? 1)
  }

  /// Reduces this rank's ``slice`` of the slots into all of them.
  public func reduceSlice(_ slots: [UnsafeMutableRawPointer]) {
    require(
      slots.count == size, "reduceSlice: \(slots.count) slots for \(size) ranks of this host")
    kernel?.allReduce(slots, slice)
  }

  /// Says that this rank's slice is reduced (and used, where the caller does more with it).
  public func finish() { flags.publish(channel: SharedReduction.finished, epoch: epoch) }

  /// Waits until all slices are reduced.
  public func waitForResult() throws {
    try flags.waitForAll(
      channel: SharedReduction.finished, epoch: epoch, "\(header) (reduction \(sequence))")
  }
}
