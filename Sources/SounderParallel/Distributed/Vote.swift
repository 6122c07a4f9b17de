/// How the pass of one rank ended, as the others are told; every rank votes once in a context.
enum Vote {
  /// All nodes have run; the rank gave so many roots.
  case done(roots: Int)
  /// The rank found the error.
  case failed(DistributedAutogradError)
  /// The rank stopped because of another's error.
  case cancelled(DistributedAutogradError)
  /// The rank has left the context without a pass.
  case left

  private static let codes: (done: UInt8, failed: UInt8, cancelled: UInt8, left: UInt8) = (
    1, 2, 3, 4
  )

  func write(to writer: inout ByteWriter) {
    switch self {
    case .done(let roots):
      writer.write(Vote.codes.done)
      writer.write(roots)
    case .failed(let error):
      writer.write(Vote.codes.failed)
      write(error, to: &writer)
    case .cancelled(let error):
      writer.write(Vote.codes.cancelled)
      write(error, to: &writer)
    case .left: writer.write(Vote.codes.left)
    }
  }

  init(_ reader: ByteReader) {
    var reader = reader
    switch reader.byte() {
    case Vote.codes.done: self = .done(roots: reader.int())
    case Vote.codes.failed: self = .failed(Vote.error(&reader))
    case Vote.codes.cancelled: self = .cancelled(Vote.error(&reader))
    default: self = .left
    }
  }

  private func write(_ error: DistributedAutogradError, to writer: inout ByteWriter) {
    writer.write(error.kind.rawValue)
    writer.write(error.rank)
    writer.write(error.operation)
    writer.write(error.message)
  }

  private static func error(_ reader: inout ByteReader) -> DistributedAutogradError {
    let kind = DistributedAutogradError.Kind(rawValue: reader.byte()) ?? .operatorFailed
    let rank = reader.int()
    let operation = reader.text()
    return DistributedAutogradError(kind, rank: rank, operation: operation, reader.text())
  }

  /// The error this vote of a rank means for the others; nil for success.
  func failure(of rank: Int) -> DistributedAutogradError? {
    switch self {
    case .done: nil
    case .failed(let error), .cancelled(let error): error
    case .left:
      DistributedAutogradError(
        .rankLeft, rank: rank, operation: "context",
        "the rank left the context without a backward pass; every rank must call backward, with no "
          + "roots where it has none")
    }
  }
}
