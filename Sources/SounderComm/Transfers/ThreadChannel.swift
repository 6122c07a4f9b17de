import Foundation

/// A channel between ranks that are threads of this process.
///
/// As strict as any network may be: the bytes are copied when the receiver looks, not when they are
/// sent, so whoever changes them too early is found out by the result and by ThreadSanitizer.
final class ThreadChannel: TransferChannel {
  let rank: Int
  private let board: TransferBoard
  private let failure: () throws -> Void

  init(_ board: TransferBoard, rank: Int, failure: @escaping () throws -> Void) {
    self.board = board
    self.rank = rank
    self.failure = failure
  }

  func send(_ bytes: UnsafeRawBufferPointer, to other: Int, tag: Int) throws -> any Transfer {
    let message = TransferBoard.Message(bytes)
    board.post(message, .init(from: rank, to: other, tag: tag))
    return ThreadSend(message, on: board, to: other)
  }

  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from other: Int, tag: Int
  ) throws -> any Transfer {
    let key = TransferBoard.Key(from: other, to: rank, tag: tag)
    return ThreadReceive(bytes, key, board.ticket(key), on: board)
  }

  func checkFailure() throws { try failure() }
}

/// Where the messages of a thread channel's ranks wait to be taken.
final class TransferBoard: @unchecked Sendable {
  // @unchecked: all state, that of the messages included, is guarded by `lock`.
  struct Key: Hashable {
    let from: Int
    let to: Int
    let tag: Int
  }

  final class Message {
    fileprivate let bytes: UnsafeRawBufferPointer
    fileprivate var isTaken = false
    fileprivate var isAbandoned = false

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }
  }

  private let lock = NSLock()
  private var messages: [Key: [Int: Message]] = [:]
  private var posted: [Key: Int] = [:]
  private var awaited: [Key: Int] = [:]

  func post(_ message: Message, _ key: Key) {
    lock.withLock {
      messages[key, default: [:]][posted[key, default: 0]] = message
      posted[key, default: 0] += 1
    }
  }

  /// The number of the message that the next receive takes.
  func ticket(_ key: Key) -> Int {
    lock.withLock {
      defer { awaited[key, default: 0] += 1 }
      return awaited[key, default: 0]
    }
  }

  /// Copies a message if it is there; nil if it is not, else its length.
  func take(_ key: Key, _ ticket: Int, into target: UnsafeMutableRawBufferPointer) -> Int? {
    lock.withLock {
      guard let message = messages[key]?[ticket], !message.isAbandoned else { return nil }
      messages[key]?[ticket] = nil
      if message.bytes.count == target.count { target.copyBytes(from: message.bytes) }
      message.isTaken = true
      return message.bytes.count
    }
  }

  func isTaken(_ message: Message) -> Bool { lock.withLock { message.isTaken } }
  func abandon(_ message: Message) { lock.withLock { message.isAbandoned = true } }
}

private final class ThreadSend: Transfer {
  let peer: Int
  private let message: TransferBoard.Message
  private let board: TransferBoard

  init(_ message: TransferBoard.Message, on board: TransferBoard, to peer: Int) {
    self.message = message
    self.board = board
    self.peer = peer
  }

  func isComplete() -> Bool { board.isTaken(message) }
  func abandon() { board.abandon(message) }
}

private final class ThreadReceive: Transfer {
  private let bytes: UnsafeMutableRawBufferPointer
  private let key: TransferBoard.Key
  private let ticket: Int
  private let board: TransferBoard
  private var isDone = false

  init(
    _ bytes: UnsafeMutableRawBufferPointer, _ key: TransferBoard.Key, _ ticket: Int,
    on board: TransferBoard
  ) {
    self.bytes = bytes
    self.key = key
    self.ticket = ticket
    self.board = board
  }

  var peer: Int { key.from }

  func isComplete() throws -> Bool {
    if isDone { return true }
    guard let length = board.take(key, ticket, into: bytes) else { return false }
    guard length == bytes.count else {
      throw CommunicationError.messageLength(
        sent: length, expected: bytes.count, from: key.from, to: key.to, tag: key.tag)
    }
    isDone = true
    return true
  }

  func abandon() {}
}
