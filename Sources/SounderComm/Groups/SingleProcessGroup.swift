import Foundation
import SounderArray

/// A group of one rank: every collective is the identity.
public final class SingleProcessGroup: ProcessGroup, @unchecked Sendable {
  // @unchecked: the messages are guarded by `lock`.

  /// Always 0.
  public let rank = 0
  /// Always 1.
  public let size = 1
  /// One rank on this host.
  public let topology = Topology(hosts: [0], hostNames: [localHostName()], rank: 0)
  /// What this rank is doing.
  public let board = RankBoard(hostName: localHostName())

  private let lock = NSLock()
  private var messages: [(tag: Int, bytes: [UInt8])] = []

  /// A group of this process alone.
  public init() {}

  /// Returns when all ranks have called it.
  public func barrier() throws {}

  /// Copies the bytes of rank `root` to all ranks.
  public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
    requireMember(root, "broadcast")
  }

  /// Combines the buffers of all ranks into each of them.
  public func allReduce(
    _ buffer: UnsafeMutableRawBufferPointer, _ type: DType, _ operation: ReduceOperation
  ) throws {
    requireReducible(buffer.count, type, operation)
  }

  /// Concatenates the inputs of all ranks in rank order.
  public func allGather(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
  {
    requireParts(output.count, of: input.count, "allGather: the output")
    output.copyMemory(from: input)
  }

  /// Combines the inputs of all ranks and leaves this rank its part.
  public func reduceScatter(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ type: DType,
    _ operation: ReduceOperation
  ) throws {
    requireReducible(output.count, type, operation)
    requireParts(input.count, of: output.count, "reduceScatter: the input")
    output.copyMemory(from: input)
  }

  /// Sends bytes to a rank.
  public func send(_ buffer: UnsafeRawBufferPointer, to other: Int, tag: Int) throws {
    requireMember(other, "send")
    lock.withLock { messages.append((tag, Array(buffer))) }
  }

  /// Receives the first message with this tag from a rank.
  public func receive(_ buffer: UnsafeMutableRawBufferPointer, from other: Int, tag: Int) throws {
    requireMember(other, "receive")
    let message = lock.withLock {
      messages.firstIndex { $0.tag == tag }.map { messages.remove(at: $0).bytes }
    }
    guard let message else {
      throw CommunicationError(
        .timeout(missing: [0]), rank: 0, "rank 0 has not sent itself a message with tag \(tag)")
    }
    guard message.count == buffer.count else {
      throw CommunicationError.messageLength(
        sent: message.count, expected: buffer.count, from: 0, to: 0, tag: tag)
    }
    buffer.copyBytes(from: message)
  }

  /// Memory that all ranks of this host see, zeroed.
  public func makeSharedRegion(byteCount: Int) throws -> SharedRegion {
    try SharedRegion.single(byteCount: byteCount)
  }

  /// A port for messages that nobody has to wait for.
  public func makeMessagePort() throws -> any MessagePort {
    MailboxPort(MailboxPort.Boxes(ranks: 1), rank: 0) { nil }
  }

  /// A channel of this rank to itself.
  public func makeTransferChannel() throws -> any TransferChannel {
    ThreadChannel(TransferBoard(), rank: 0) {}
  }

  /// Divides the one rank into itself.
  public func split(color: Int?, key: Int) -> (any ProcessGroup)? {
    color.map { _ in SingleProcessGroup() }
  }

  /// Tells all ranks that this one has failed.
  public func fail(_ error: any Error) {}

  /// Prints the error and ends the process.
  public func abort(_ error: any Error, exitCode: Int32) {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(exitCode)
  }
}
