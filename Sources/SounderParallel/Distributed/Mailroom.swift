import CKernels
import Foundation
import SounderComm
import SounderTrace

/// Sorts what arrives at a rank by context, and lets the contexts wait for it.
///
/// Several contexts may wait at once, on several threads: whoever looks sorts the messages of all.
/// Messages of contexts that this rank has not opened yet are kept, those of closed ones are
/// dropped.
final class Mailroom: @unchecked Sendable {
  // @unchecked: the state is guarded by `lock`.
  let port: any MessagePort
  private let lock = NSLock()
  private var mail: [AutogradContextID: ContextMail] = [:]
  private var open: Set<AutogradContextID> = []
  private var opened: [Int: UInt64] = [:]
  private var failure: DistributedAutogradError?

  /// The longest sleep: another thread may have taken the message this one sleeps for.
  private static let slice = Duration.milliseconds(2)

  /// The deadline of a wait has passed.
  struct DeadlinePassed: Error {
    /// How long it was, for whom and what they were doing, and what to do.
    let message: String
  }

  /// What the ranks are doing.
  private let board: RankBoard

  init(_ port: any MessagePort, _ board: RankBoard) {
    self.port = port
    self.board = board
  }

  var rank: Int { port.rank }
  var size: Int { port.size }

  // MARK: Contexts

  /// Opens the next context of a rank.
  func openContext(owner: Int) -> AutogradContextID {
    lock.withLock {
      let id = AutogradContextID(rank: owner, counter: opened[owner, default: 0])
      opened[owner, default: 0] += 1
      open.insert(id)
      return id
    }
  }

  func close(_ id: AutogradContextID) {
    lock.withLock {
      open.remove(id)
      mail[id] = nil
    }
  }

  var openCount: Int { lock.withLock { open.count } }

  /// Messages of open and future contexts that nobody has taken.
  var messageCount: Int { lock.withLock { mail.values.reduce(0) { $0 + $1.count } } }

  /// Why no further context can succeed: this rank does not know how one ended.
  var lastingFailure: DistributedAutogradError? {
    get { lock.withLock { failure } }
    set { lock.withLock { failure = newValue } }
  }

  // MARK: Messages

  func post(_ message: ContextMessage, to other: Int) throws {
    Trace.instant(.message, message.kind.eventName, other, message.bytes.count)
    try port.post(message.bytes, to: other)
  }

  /// Posts a message to all ranks, this one included.
  func announce(_ message: ContextMessage) throws {
    for other in 0..<size { try post(message, to: other) }
  }

  /// Takes what has arrived and searches it once.
  func look<Found>(
    in id: AutogradContextID, _ find: (inout ContextMail) throws -> Found
  ) throws -> Found {
    try lock.withLock {
      // Sorting under the lock keeps the order of a sender's messages.
      for message in try port.poll() { sort(message) }
      return try find(&mail[id, default: ContextMail()])
    }
  }

  /// Searches what has been sorted already.
  func peek<Found>(
    in id: AutogradContextID, _ find: (inout ContextMail) throws -> Found
  ) rethrows -> Found {
    try lock.withLock { try find(&mail[id, default: ContextMail()]) }
  }

  /// Searches until something is found.
  ///
  /// - Parameters:
  ///   - operation: What the caller does, for the report of a stall and the error.
  ///   - missing: The ranks it waits for.
  /// - Throws: ``DeadlinePassed``; what `find` and the port throw.
  func wait<Found>(
    in id: AutogradContextID, until deadline: UInt64, _ operation: @autoclosure () -> String,
    missing: (ContextMail) -> [Int], _ find: (inout ContextMail) throws -> Found?
  ) throws -> Found {
    var span: Span?
    defer { Trace.end(span) }
    var stall = StallWatch(board, since: ck_monotonic_nanoseconds())
    do {
      while true {
        if let found = try search(in: id, find) {
          stall.end(operation())
          return found
        }
        if ck_monotonic_nanoseconds() >= deadline {
          throw DeadlinePassed(
            message: stall.timeout(operation(), missing: peek(in: id) { missing($0) }))
        }
        stall.look(for: peek(in: id) { missing($0) }, in: operation())
        if span == nil { span = Trace.begin(.wait, "context message", -1, -1) }
        try port.wait(atMost: Mailroom.slice)
      }
    } catch {
      stall.abandon()
      throw error
    }
  }

  private func search<Found>(
    in id: AutogradContextID, _ find: (inout ContextMail) throws -> Found?
  ) throws -> Found? {
    do { return try look(in: id, find) } catch let error as CommunicationError {
      // A rank that fails its group has told before what this one may wait for.
      if let found = try peek(in: id, find) { return found }
      throw error
    }
  }

  private func sort(_ received: ReceivedMessage) {
    guard let message = ContextMessage(received.bytes) else { return }
    let id = message.context
    guard open.contains(id) || id.counter >= opened[id.rank, default: 0] else { return }
    mail[id, default: ContextMail()].add(message, from: received.sender)
  }
}

/// What a rank has been told about one context.
struct ContextMail {
  private var queues: [ContextMessage.Key: [ContextMessage]] = [:]
  private(set) var joins: [Int: Join] = [:]
  private(set) var votes: [Int: Vote] = [:]

  var count: Int { queues.values.reduce(0) { $0 + $1.count } }

  mutating func add(_ message: ContextMessage, from sender: Int) {
    switch message.kind {
    case .join: joins[sender] = Join(message.body)
    case .vote: votes[sender] = Vote(message.body)
    case .activation, .gradient, .part:
      let key = ContextMessage.Key(kind: message.kind, number: message.number, sender: sender)
      queues[key, default: []].append(message)
    }
  }

  /// The oldest message with a key.
  mutating func take(_ key: ContextMessage.Key) -> ContextMessage? {
    guard var queue = queues.removeValue(forKey: key) else { return nil }
    let first = queue.removeFirst()
    if !queue.isEmpty { queues[key] = queue }
    return first
  }

  /// The error the votes so far mean for a backward pass: of several that of the lowest rank, so that
  /// all choose alike; that a rank has left counts after all others.
  var failure: DistributedAutogradError? {
    error
      ?? votes.keys.sorted().lazy.compactMap { rank in votes[rank]?.failure(of: rank) }.first
  }

  /// The error a rank has found; unlike ``failure`` not that one has left, which it may do when the
  /// context has no pass.
  var error: DistributedAutogradError? {
    votes.compactMap { rank, vote in
      if case .left = vote { nil } else { vote.failure(of: rank) }
    }.min {
      ($0.kind == .rankLeft ? 1 : 0, $0.rank) < ($1.kind == .rankLeft ? 1 : 0, $1.rank)
    }
  }
}
