import SounderArray

/// Ranks that work together: an identity and the collectives.
///
/// Every rank must call the same collectives, with equal types and counts, in the same order; a
/// difference is found before data moves and thrown on every rank. A group is used by one thread at
/// a time. After an error the group stays failed: each further call throws the first cause.
///
/// ```swift
/// try ThreadGroup.run(ranks: 4) { group in
///   var values: [Float] = [Float(group.rank), 1]
///   try values.withUnsafeMutableBytes { try group.allReduce($0, .float32, .sum) }  // [6, 4]
/// }
/// ```
public protocol ProcessGroup: AnyObject, Sendable {
  /// This rank's number, from 0.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// Which ranks share a host.
  var topology: Topology { get }
  /// What the ranks are doing, for those who wait for them.
  var board: RankBoard { get }

  /// Returns when all ranks have called it.
  func barrier() throws
  /// Copies the bytes of rank `root` to all ranks.
  func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws
  /// Combines the buffers of all ranks, element by element, into each of them.
  ///
  /// - Parameter type: float32, float64 or int64.
  func allReduce(
    _ buffer: UnsafeMutableRawBufferPointer, _ type: DType, _ operation: ReduceOperation) throws
  /// Concatenates the inputs of all ranks, in rank order; `output` is `size` times as long.
  func allGather(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws
  /// Combines the inputs of all ranks and leaves part `rank` of the result; `input` is `size` times
  /// as long as `output`.
  func reduceScatter(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ type: DType,
    _ operation: ReduceOperation) throws
  /// Sends bytes to a rank; returns when `buffer` may be changed.
  ///
  /// A long message waits for its receiver.
  func send(_ buffer: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws
  /// Receives the first message with this tag from a rank; it must be as long as `buffer`.
  func receive(_ buffer: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int) throws
  /// Memory that all ranks of this host see, zeroed; a collective over the ranks of every host.
  func makeSharedRegion(byteCount: Int) throws -> SharedRegion
  /// The same, with the bytes that this rank will write most taken from the memory nearest to its core.
  ///
  /// - Parameter owned: ranges of bytes; those of different ranks should not overlap, and what no rank
  ///   names comes from wherever it comes.
  func makeSharedRegion(byteCount: Int, owned: [Range<Int>]) throws -> SharedRegion
  /// A port for messages that nobody has to wait for; a collective over all ranks.
  func makeMessagePort() throws -> any MessagePort
  /// A channel for messages that are under way while ranks compute; a collective over all ranks.
  func makeTransferChannel() throws -> any TransferChannel
  /// Divides the ranks into groups of their own: those that give the same color belong together.
  ///
  /// A collective over all ranks. Each new group numbers its ranks by `key`, then by their number here; has
  /// collectives, messages, ports and shared memory of its own, which do not mix with those of others; and
  /// an error in it is told to its ranks only, while an error of this group is told to them too. Whatever a
  /// rank waits for, it hears of either within a second. New groups live as long as this one: make them
  /// once.
  /// - Parameters:
  ///   - color: which new group this rank joins; nil joins none.
  ///   - key: what decides about the order.
  /// - Returns: the new group, or nil without a color.
  func split(color: Int?, key: Int) throws -> (any ProcessGroup)?
  /// Tells all ranks that this one has failed: their pending and later calls throw.
  func fail(_ error: any Error)
  /// Ends the whole job with an exit code; does not return where ranks are processes.
  ///
  /// Ranks that are threads are told as by ``fail(_:)``, as their process has other work.
  func abort(_ error: any Error, exitCode: Int32)
}

extension ProcessGroup {
  /// Memory without regard to where it lies, for groups of one rank.
  public func makeSharedRegion(byteCount: Int, owned: [Range<Int>]) throws -> SharedRegion {
    try makeSharedRegion(byteCount: byteCount)
  }
}
