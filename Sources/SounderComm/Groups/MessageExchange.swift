import CKernels
import Foundation

/// Messages between ranks that are threads of this process but pretend to be on different hosts.
final class MessageExchange: @unchecked Sendable {
  // @unchecked: all state is guarded by `condition`.
  private struct Key: Hashable {
    let from: Int
    let to: Int
    let tag: Int?
  }

  private let condition = NSCondition()
  private var queues: [Key: [[UInt8]]] = [:]
  private var failure: CommunicationError?

  func send(_ bytes: UnsafeRawBufferPointer, from: Int, to: Int, tag: Int?) throws {
    condition.lock()
    defer { condition.unlock() }
    if let failure { throw failure }
    queues[Key(from: from, to: to, tag: tag), default: []].append(Array(bytes))
    condition.broadcast()
  }

  func receive(
    from: Int, _ board: RankBoard, tag: Int?, timeout: Duration, _ operation: String
  ) throws -> [UInt8] {
    let key = Key(from: from, to: board.rank, tag: tag)
    let limit = UInt64(timeout.wholeNanoseconds)
    condition.lock()
    defer { condition.unlock() }
    var stall = StallWatch(board, since: ck_monotonic_nanoseconds())
    while true {
      if let message = queues[key]?.first {
        queues[key]?.removeFirst()
        stall.end(operation)
        return message
      }
      if let failure {
        stall.abandon()
        throw failure
      }
      if let left = board.whoLeft(of: [from], operation) {
        stall.abandon()
        throw left
      }
      let waited = stall.waited
      if waited >= limit {
        stall.abandon()
        throw CommunicationError(
          .timeout(missing: [from]), rank: board.rank,
          stall.timeout(operation, missing: [from]))
      }
      stall.look(for: [from], in: operation)
      // It looks here too.
      condition.unlock()
      let elsewhere = board.failureElsewhere?()
      condition.lock()
      if failure == nil { failure = elsewhere }
      let slice = Double(min(EpochFlags.slice, limit - waited)) * 1e-9
      _ = condition.wait(until: Date(timeIntervalSinceNow: slice))
    }
  }

  func checkFailure() throws {
    condition.lock()
    defer { condition.unlock() }
    if let failure { throw failure }
  }

  func fail(_ error: CommunicationError) {
    condition.lock()
    defer { condition.unlock() }
    if failure == nil { failure = error }
    condition.broadcast()
  }
}

/// One rank's end of a ``MessageExchange``.
final class ThreadTransport: MessageTransport {
  private let exchange: MessageExchange
  private let board: RankBoard
  private let timeout: Duration

  init(_ exchange: MessageExchange, _ board: RankBoard, timeout: Duration) {
    self.exchange = exchange
    self.board = board
    self.timeout = timeout
  }

  private var rank: Int { board.rank }

  func exchange(
    sends: [(rank: Int, bytes: UnsafeRawBufferPointer)],
    receives: [(rank: Int, bytes: UnsafeMutableRawBufferPointer)], _ operation: String
  ) throws {
    for (other, bytes) in sends { try exchange.send(bytes, from: rank, to: other, tag: nil) }
    for (other, bytes) in receives {
      try take(bytes, from: other, tag: nil, operation)
    }
  }

  func send(_ buffer: UnsafeRawBufferPointer, to other: Int, tag: Int) throws {
    try exchange.send(buffer, from: rank, to: other, tag: tag)
  }

  func receive(_ buffer: UnsafeMutableRawBufferPointer, from other: Int, tag: Int) throws {
    try take(buffer, from: other, tag: tag, "receive of tag \(tag) from rank \(other)")
  }

  private func take(
    _ buffer: UnsafeMutableRawBufferPointer, from other: Int, tag: Int?, _ operation: String
  ) throws {
    do {
      let message = try exchange.receive(
        from: other, board, tag: tag, timeout: timeout, operation)
      guard message.count == buffer.count else {
        throw CommunicationError.messageLength(
          sent: message.count, expected: buffer.count, from: other, to: rank, tag: tag ?? 0)
      }
      buffer.copyBytes(from: message)
    } catch let error as CommunicationError {
      exchange.fail(error)
      throw error
    }
  }

  func checkFailure() throws { try exchange.checkFailure() }

  func fail(_ error: CommunicationError) { exchange.fail(error) }
}
