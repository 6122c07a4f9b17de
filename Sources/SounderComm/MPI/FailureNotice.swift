/// A failure as bytes of a fixed length, for a message to another host.
struct FailureNotice {
  static let byteCount = 1024
  let bytes: [UInt8]

  private static let timeout: UInt8 = 1
  private static let mismatch: UInt8 = 2
  private static let other: UInt8 = 3
  private static let headerBytes = 20

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  init(_ error: CommunicationError, origin: Int) {
    var rank = origin
    var first = -1
    let code: UInt8
    switch error.kind {
    case .timeout(let missing):
      code = FailureNotice.timeout
      first = missing.first ?? -1
    case .mismatch: code = FailureNotice.mismatch
    case .peerFailure(let peer):
      code = FailureNotice.other
      rank = peer
    case .mpi, .system, .launch: code = FailureNotice.other
    }
    let text = Array(error.message.utf8.prefix(FailureNotice.byteCount - FailureNotice.headerBytes))
    var bytes: [UInt8] = [code, 0]
    for value in [rank, first, text.count, error.reporter ?? origin] {
      withUnsafeBytes(of: Int32(value).littleEndian) { bytes.append(contentsOf: $0) }
    }
    bytes += [0, 0] + text
    self.bytes = bytes + [UInt8](repeating: 0, count: FailureNotice.byteCount - bytes.count)
  }

  func error(seenBy rank: Int) -> CommunicationError {
    var error = read(rank)
    error.reporter = number(3)
    return error
  }

  private func read(_ rank: Int) -> CommunicationError {
    let length = min(max(number(2), 0), FailureNotice.byteCount - FailureNotice.headerBytes)
    let start = FailureNotice.headerBytes
    let text = String(decoding: bytes[start..<start + length], as: UTF8.self)
    switch bytes[0] {
    case FailureNotice.timeout:
      return CommunicationError(.timeout(missing: [number(1)]), rank: rank, text)
    case FailureNotice.mismatch: return CommunicationError(.mismatch, rank: rank, text)
    default: return CommunicationError(.peerFailure(rank: number(0)), rank: rank, text)
    }
  }

  private func number(_ index: Int) -> Int {
    let start = 2 + index * 4
    let value = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) }
    return Int(Int32(bitPattern: value))
  }
}
