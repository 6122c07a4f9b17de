/// Messages between the ranks of a group that nobody has to wait for.
///
/// Unlike the collectives and messages of a ``ProcessGroup``, a port never blocks on another rank and is
/// not failed for good by an error: it serves those who agree on what to do after one. Messages of one
/// rank to another arrive whole and in the order they were posted. A port may be used by several threads.
public protocol MessagePort: AnyObject, Sendable {
  /// This rank's number, from 0.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// Sends a message, which may be to the rank itself, and returns at once.
  func post(_ message: [UInt8], to rank: Int) throws
  /// Takes all messages that have arrived.
  ///
  /// - Throws: ``CommunicationError`` when nothing has arrived and the group has failed.
  func poll() throws -> [ReceivedMessage]
  /// Returns when a message may have arrived, at the latest after a time.
  func wait(atMost duration: Duration) throws
}

/// A message that has arrived.
public struct ReceivedMessage: Sendable {
  /// The rank that posted it.
  public let sender: Int
  /// What it posted.
  public let bytes: [UInt8]
}
