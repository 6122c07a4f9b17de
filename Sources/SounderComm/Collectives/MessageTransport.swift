/// Moves bytes between ranks that share no memory.
protocol MessageTransport: AnyObject {
  /// Sends and receives at the same time; returns when all is done. Lengths agree on both sides.
  func exchange(
    sends: [(rank: Int, bytes: UnsafeRawBufferPointer)],
    receives: [(rank: Int, bytes: UnsafeMutableRawBufferPointer)], _ operation: String) throws
  /// Sends a message of the user's.
  func send(_ buffer: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws
  /// Receives a message of the user's.
  func receive(_ buffer: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int) throws
  /// Throws the first failure that has become known, without waiting.
  func checkFailure() throws
  /// Tells all ranks of a failure, as far as it reaches them.
  func fail(_ error: CommunicationError)
}
