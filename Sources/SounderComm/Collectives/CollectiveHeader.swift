import CKernels
import SounderArray

/// What a rank says of the collective it begins; all ranks must say the same.
struct CollectiveHeader: Equatable, Sendable {
  enum Kind: UInt8, Sendable {
    case barrier = 1, broadcast, allReduce, allGather, reduceScatter, makeSharedRegion, reduceShared
    /// Messages, which are never compared.
    case send, receive
  }

  var kind: Kind
  var operation: ReduceOperation?
  var type: DType?
  var root: Int?
  var count: Int

  init(
    _ kind: Kind, _ operation: ReduceOperation? = nil, _ type: DType? = nil, root: Int? = nil,
    count: Int = 0
  ) {
    self.kind = kind
    self.operation = operation
    self.type = type
    self.root = root
    self.count = count
  }

  /// Whether only two ranks take part.
  var isMessage: Bool { kind == .send || kind == .receive }

  var record: ck_header {
    var word = UInt64(kind.rawValue)
    word |= UInt64(operation?.rawValue ?? 0) << 8
    word |= UInt64((type?.rawValue).map { $0 + 1 } ?? 0) << 16
    word |= UInt64(UInt32(truncatingIfNeeded: root.map { $0 + 1 } ?? 0)) << 32
    return ck_header(descriptor: word, count: UInt64(bitPattern: Int64(count)))
  }

  /// The header in a record, or nil for bytes that are none.
  init?(_ record: ck_header) {
    guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: record.descriptor)) else {
      return nil
    }
    self.kind = kind
    operation = ReduceOperation(rawValue: UInt8(truncatingIfNeeded: record.descriptor >> 8))
    let type = UInt8(truncatingIfNeeded: record.descriptor >> 16)
    self.type = type == 0 ? nil : DType(rawValue: type - 1)
    let root = Int(record.descriptor >> 32)
    self.root = root == 0 ? nil : root - 1
    count = Int(Int64(bitPattern: record.count))
  }
}

extension CollectiveHeader: CustomStringConvertible {
  var description: String {
    let elements = type.map { "\($0.name)[\(count)]" } ?? "\(count) bytes"
    switch kind {
    case .barrier: return "barrier"
    case .broadcast: return "broadcast of \(elements) from rank \(root ?? 0)"
    case .send: return "send of \(elements) to rank \(root ?? 0)"
    case .receive: return "receive of \(elements) from rank \(root ?? 0)"
    default:
      return ["\(kind)", operation.map { "\($0)" } ?? "of", elements].joined(separator: " ")
    }
  }
}

extension CommunicationError {
  /// The error of two ranks that do not call the same collective.
  static func mismatch(
    sequence: UInt64, _ rank: Int, _ header: CollectiveHeader?, _ other: Int,
    _ otherHeader: CollectiveHeader?
  ) -> CommunicationError {
    let one = header.map { "\($0)" } ?? "something unknown"
    let two = otherHeader.map { "\($0)" } ?? "something unknown"
    return CommunicationError(
      .mismatch,
      "collective \(sequence) differs: rank \(rank) called \(one), rank \(other) called \(two); "
        + "all ranks must call the same collectives in the same order")
  }
}
