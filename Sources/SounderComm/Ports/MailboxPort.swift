import Foundation

/// A port between ranks that are threads of this process: one box for each rank.
final class MailboxPort: MessagePort, @unchecked Sendable {
  // @unchecked: constant; the boxes guard themselves.
  let rank: Int
  private let boxes: Boxes
  private let failure: @Sendable () -> CommunicationError?

  /// The boxes of all ranks.
  final class Boxes: Sendable {
    fileprivate let all: [Box]
    init(ranks: Int) { all = (0..<ranks).map { _ in Box() } }
  }

  fileprivate final class Box: @unchecked Sendable {
    // @unchecked: `messages` is guarded by `condition`.
    let condition = NSCondition()
    var messages: [ReceivedMessage] = []
  }

  init(_ boxes: Boxes, rank: Int, failure: @escaping @Sendable () -> CommunicationError?) {
    self.boxes = boxes
    self.rank = rank
    self.failure = failure
  }

  var size: Int { boxes.all.count }

  func post(_ message: [UInt8], to other: Int) throws {
    let box = boxes.all[other]
    box.condition.lock()
    box.messages.append(ReceivedMessage(sender: rank, bytes: message))
    box.condition.broadcast()
    box.condition.unlock()
  }

  func poll() throws -> [ReceivedMessage] {
    let box = boxes.all[rank]
    box.condition.lock()
    let messages = box.messages
    box.messages = []
    box.condition.unlock()
    if messages.isEmpty, let failure = failure() { throw failure }
    return messages
  }

  func wait(atMost duration: Duration) throws {
    let box = boxes.all[rank]
    let end = Date(timeIntervalSinceNow: Double(duration.wholeNanoseconds) * 1e-9)
    box.condition.lock()
    if box.messages.isEmpty { _ = box.condition.wait(until: end) }
    box.condition.unlock()
  }
}
