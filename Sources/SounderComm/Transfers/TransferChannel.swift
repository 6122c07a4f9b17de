/// Messages between ranks that are under way while the ranks compute.
///
/// Unlike ``ProcessGroup/send(_:to:tag:)`` nothing here waits: a transfer is begun, looked at now and
/// then, and complete some time. Looking is what moves the data (MPI libraries have no threads of their
/// own for that), so a rank with transfers under way should look every few tens of microseconds.
///
/// Messages of one rank to another with the same tag are received in the order they were sent, each by a
/// receive of its length. A channel is used by one thread at a time.
public protocol TransferChannel: AnyObject {
  /// This rank's number, from 0.
  var rank: Int { get }
  /// Begins to send; `bytes` must live and keep their values until the transfer is complete.
  ///
  /// - Throws: ``CommunicationError``.
  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws -> any Transfer
  /// Begins to receive; `bytes` must live and be left alone until the transfer is complete.
  ///
  /// - Throws: ``CommunicationError``.
  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
  ) throws -> any Transfer
  /// Throws the first failure of any rank, if one has become known here.
  func checkFailure() throws
}

/// A message that is being sent or received.
public protocol Transfer: AnyObject {
  /// The rank at the other end.
  var peer: Int { get }
  /// Works on the transfer without waiting, and says whether it is complete.
  ///
  /// - Throws: ``CommunicationError``, such as for a message of another length.
  func isComplete() throws -> Bool
  /// Gives up the transfer, so that its memory may be freed; for use after a failure.
  func abandon()
}
