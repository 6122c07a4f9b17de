import CKernels

extension EpochFlags {
  /// The first failure of any rank, as this rank must throw it; nil while all is well.
  public var failure: CommunicationError? {
    guard ck_failure_raised(failureRecord) != 0 else { return nil }
    return read()
  }

  /// Makes all present and later waits of every rank throw this error, unless one was first.
  public func fail(_ error: any Error) {
    if let error = error as? CommunicationError {
      record(error)
    } else {
      record(
        CommunicationError(
          .peerFailure(rank: membership.rank), rank: membership.rank, "\(error)"))
    }
  }

  /// Records a failure and returns the one in force, which is another rank's if that was first.
  @discardableResult
  func record(_ error: CommunicationError) -> CommunicationError {
    guard ck_failure_claim(failureRecord) != 0 else { return failure ?? error }
    write(error)
    ck_failure_raise(failureRecord)
    wakeAll()
    return error
  }

  private func wakeAll() {
    for rank in 0..<membership.localSize {
      for channel in 0..<EpochFlags.channelCount { ck_epoch_wake(cell(rank, channel)) }
    }
  }

  // MARK: The record

  private enum Code {
    static let timeout: UInt32 = 1
    static let mismatch: UInt32 = 2
    static let other: UInt32 = 3
  }

  private func write(_ error: CommunicationError) {
    var details = ck_failure_details()
    details.reporter = Int32(error.reporter ?? membership.rank)
    details.origin = Int32(error.rank ?? membership.rank)
    var ranks: [Int] = []
    switch error.kind {
    case .timeout(let missing):
      details.kind = Code.timeout
      ranks = missing
    case .mismatch: details.kind = Code.mismatch
    case .peerFailure(let rank):
      details.kind = Code.other
      details.origin = Int32(rank)
    case .mpi, .system, .launch: details.kind = Code.other
    }
    details.rank_count = withUnsafeMutableBytes(of: &details.ranks) { bytes in
      let words = bytes.bindMemory(to: Int32.self)
      let count = min(ranks.count, words.count)
      for index in 0..<count { words[index] = Int32(ranks[index]) }
      return UInt32(count)
    }
    details.length = withUnsafeMutableBytes(of: &details.text) { bytes in
      let text = Array(error.message.utf8.prefix(bytes.count))
      bytes.copyBytes(from: text)
      return UInt32(text.count)
    }
    failures.details.pointee = details
  }

  private func read() -> CommunicationError {
    let record = failures.details.pointee
    var error = read(record)
    error.reporter = Int(record.reporter)
    return error
  }

  private func read(_ record: ck_failure_details) -> CommunicationError {
    let origin = Int(record.origin)
    let text = withUnsafeBytes(of: record.text) {
      String(decoding: $0.prefix(Int(record.length)), as: UTF8.self)
    }
    let ranks = withUnsafeBytes(of: record.ranks) { bytes in
      bytes.bindMemory(to: Int32.self).prefix(Int(record.rank_count)).map { Int($0) }
    }
    switch record.kind {
    case Code.timeout:
      return CommunicationError(.timeout(missing: ranks), rank: membership.rank, text)
    case Code.mismatch: return CommunicationError(.mismatch, rank: membership.rank, text)
    default:
      return CommunicationError(
        .peerFailure(rank: origin), rank: membership.rank, "rank \(origin) failed: \(text)")
    }
  }
}
