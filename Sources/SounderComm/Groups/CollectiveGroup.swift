import Foundation
import SounderArray
import SounderTrace

/// What groups of several ranks have in common: shared memory within a host, messages between hosts.
///
/// On one host all data moves through the host's shared memory. On several the ranks agree on each
/// collective first, then move data between hosts by messages; reductions follow the same tree over
/// the ranks, so the bits do not depend on how ranks are spread over hosts.
public class CollectiveGroup: ProcessGroup, @unchecked Sendable {
  // @unchecked: constant but for the state of the collectives, which one thread at a time uses.

  /// This rank's number, from 0.
  public let rank: Int
  /// Which ranks share a host.
  public let topology: Topology
  let host: SharedCollectives
  let subgroups = Subgroups()
  /// The group this one was made from; it keeps this one.
  weak var outer: CollectiveGroup?
  /// Nil when all ranks are on one host.
  let transport: (any MessageTransport)?

  /// The number of ranks.
  public var size: Int { topology.size }
  /// What the ranks are doing, for those who wait for them.
  public var board: RankBoard { host.board }

  init(topology: Topology, host: SharedCollectives, transport: (any MessageTransport)?) {
    rank = topology.rank
    self.topology = topology
    self.host = host
    self.transport = topology.hostCount > 1 ? transport : nil
    if self.transport != nil {
      board.failureElsewhere = { [weak self] in self?.failureElsewhere() }
    }
  }

  // MARK: Collectives

  /// Returns when all ranks have called it.
  public func barrier() throws {
    let span = Trace.begin(.collective, "barrier")
    defer { Trace.end(span) }
    guard let transport else { return try host.barrier() }
    try acrossHosts { try agree(CollectiveHeader(.barrier), transport) }
  }

  /// Copies the bytes of rank `root` to all ranks.
  public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
    requireMember(root, "broadcast")
    let span = Trace.begin(.collective, "broadcast", root, buffer.count)
    defer { Trace.end(span) }
    guard let transport else {
      return try host.broadcast(buffer, localRoot: topology.localRanks.firstIndex(of: root) ?? 0)
    }
    try acrossHosts { try hierarchicalBroadcast(buffer, root, transport) }
  }

  /// Combines the buffers of all ranks into each of them.
  public func allReduce(
    _ buffer: UnsafeMutableRawBufferPointer, _ type: DType, _ operation: ReduceOperation
  ) throws {
    requireReducible(buffer.count, type, operation)
    let span = Trace.begin(.collective, "allReduce", 0, buffer.count)
    defer { Trace.end(span) }
    guard let transport else { return try host.allReduce(buffer, type, operation) }
    try acrossHosts { try hierarchicalAllReduce(buffer, type, operation, transport) }
  }

  /// Concatenates the inputs of all ranks in rank order.
  public func allGather(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws {
    requireParts(output.count, of: input.count, "allGather: the output")
    let span = Trace.begin(.collective, "allGather", 0, output.count)
    defer { Trace.end(span) }
    guard let transport else { return try host.allGather(input, into: output) }
    try acrossHosts { try flatAllGather(input, output, transport) }
  }

  /// Combines the inputs of all ranks and leaves this rank its part.
  public func reduceScatter(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ type: DType,
    _ operation: ReduceOperation
  ) throws {
    requireReducible(output.count, type, operation)
    requireParts(input.count, of: output.count, "reduceScatter: the input")
    let span = Trace.begin(.collective, "reduceScatter", 0, input.count)
    defer { Trace.end(span) }
    guard let transport else {
      return try host.reduceScatter(input, into: output, type, operation)
    }
    try acrossHosts { try flatReduceScatter(input, output, type, operation, transport) }
  }

  // MARK: Messages

  /// Sends bytes to a rank.
  public func send(_ buffer: UnsafeRawBufferPointer, to other: Int, tag: Int) throws {
    requireMember(other, "send")
    let span = Trace.begin(.message, "send", other, buffer.count)
    defer { Trace.end(span) }
    if let local = topology.localRanks.firstIndex(of: other) {
      try host.messages.send(buffer, to: local, tag: tag)
    } else {
      board.begin(CollectiveHeader(.send, root: other, count: buffer.count))
      try failing { try transport?.send(buffer, to: other, tag: tag) }
    }
  }

  /// Receives the first message with this tag from a rank.
  public func receive(_ buffer: UnsafeMutableRawBufferPointer, from other: Int, tag: Int) throws {
    requireMember(other, "receive")
    let span = Trace.begin(.message, "receive", other, buffer.count)
    defer { Trace.end(span) }
    if let local = topology.localRanks.firstIndex(of: other) {
      try host.messages.receive(buffer, from: local, tag: tag)
    } else {
      board.begin(CollectiveHeader(.receive, root: other, count: buffer.count))
      try failing { try transport?.receive(buffer, from: other, tag: tag) }
    }
  }

  // MARK: Memory and failures

  /// Memory that all ranks of this host see, zeroed.
  public func makeSharedRegion(byteCount: Int) throws -> SharedRegion {
    try makeSharedRegion(byteCount: byteCount, owned: [])
  }

  /// Memory that all ranks of this host see, zeroed, each one's own bytes near to it.
  public func makeSharedRegion(byteCount: Int, owned: [Range<Int>]) throws -> SharedRegion {
    require(byteCount >= 0, "makeSharedRegion: \(byteCount) bytes")
    require(
      owned.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= byteCount },
      "makeSharedRegion: own bytes outside the region of \(byteCount)")
    let span = Trace.begin(.collective, "makeSharedRegion", 0, byteCount)
    defer { Trace.end(span) }
    try failing {
      try host.synchronize(CollectiveHeader(.makeSharedRegion, count: byteCount))
    }
    return try allocateRegion(byteCount: byteCount, owned: owned)
  }

  /// Makes the region when all ranks of the host have asked for the same size.
  func allocateRegion(byteCount: Int, owned: [Range<Int>]) throws -> SharedRegion {
    fatalError("\(Self.self) must make shared regions")
  }

  /// Makes this rank's part of the groups into which all ranks are divided; nil for one that joins none.
  func makeSubgroup(_ split: GroupSplit) throws -> CollectiveGroup? {
    fatalError("\(Self.self) must make subgroups")
  }

  /// A port for messages that nobody has to wait for; a collective over all ranks.
  public func makeMessagePort() throws -> any MessagePort {
    fatalError("\(Self.self) must make ports")
  }

  /// A channel for messages that are under way while ranks compute; a collective over all ranks.
  public func makeTransferChannel() throws -> any TransferChannel {
    fatalError("\(Self.self) must make channels")
  }

  /// Throws the first failure of any rank that has become known here, without waiting.
  func checkFailure() throws {
    if let failure = host.flags.failure { throw failure }
    try transport?.checkFailure()
    board.attend()
  }

  /// Tells all ranks that this one has failed.
  public func fail(_ error: any Error) {
    host.fail(error)
    // The first error of the host is the one to tell.
    transport?.fail(host.flags.failure ?? .wrapping(error, rank: rank))
    subgroups.fail(error)
  }

  /// Tells all ranks that this one has failed; their process goes on.
  public func abort(_ error: any Error, exitCode: Int32) { fail(error) }

  /// Runs a collective over several hosts.
  private func acrossHosts(_ body: () throws -> Void) throws {
    try failing { try board.composing(body) }
  }

  /// Runs a step between hosts; its error is told to all ranks.
  private func failing(_ body: () throws -> Void) throws {
    do { try body() } catch {
      fail(error)
      throw error
    }
  }
}
