import SounderArray

@testable import SounderComm

/// A call of a collective, and how an error must spell it.
enum CollectiveCall: Sendable {
  case barrier
  case broadcast(root: Int, count: Int)
  case allGather(count: Int)
  case allReduce(DType, ReduceOperation, count: Int)
  case reduceScatter(DType, ReduceOperation, count: Int)

  var text: String {
    switch self {
    case .barrier: "barrier"
    case .broadcast(let root, let count): "broadcast of \(count) bytes from rank \(root)"
    case .allGather(let count): "allGather of \(count) bytes"
    case .allReduce(let type, let operation, let count):
      "allReduce \(operation) \(type.name)[\(count)]"
    case .reduceScatter(let type, let operation, let count):
      "reduceScatter \(operation) \(type.name)[\(count)]"
    }
  }

  /// Makes the call and says what it threw, and whether the caller's memory is as it was.
  func run(_ group: any ProcessGroup) -> (error: (any Error)?, isUntouched: Bool) {
    let buffer = GuardedBuffer(byteCount: byteCount(ranks: group.size))
    let input = [UInt8](repeating: 1, count: buffer.bytes.count * group.size)
    defer { buffer.deallocate() }
    let outcome = Result {
      try input.withUnsafeBytes { input in
        switch self {
        case .barrier: try group.barrier()
        case .broadcast(let root, _): try group.broadcast(buffer.bytes, root: root)
        case .allGather(let count):
          try group.allGather(
            UnsafeRawBufferPointer(rebasing: input[..<count]), into: buffer.bytes)
        case .allReduce(let type, let operation, _):
          try group.allReduce(buffer.bytes, type, operation)
        case .reduceScatter(let type, let operation, _):
          try group.reduceScatter(input, into: buffer.bytes, type, operation)
        }
      }
    }
    guard case .failure(let error) = outcome else { return (nil, buffer.isUntouched) }
    return (error, buffer.isUntouched)
  }

  /// The bytes of the buffer that takes the result.
  private func byteCount(ranks: Int) -> Int {
    switch self {
    case .barrier: 0
    case .broadcast(_, let count): count
    case .allGather(let count): count * ranks
    case .allReduce(let type, _, let count), .reduceScatter(let type, _, let count):
      count * type.byteSize
    }
  }
}

/// What all ranks but one call, and what that one calls.
struct MismatchedCalls: Sendable {
  let usual: CollectiveCall
  let other: CollectiveCall

  static let all: [MismatchedCalls] = {
    let sum = CollectiveCall.allReduce(.float32, .sum, count: 4)
    let scatter = CollectiveCall.reduceScatter(.int64, .min, count: 2)
    let pairs: [(CollectiveCall, [CollectiveCall])] = [
      (
        sum,
        [
          .allReduce(.float32, .sum, count: 8), .allReduce(.float32, .sum, count: 0),
          .allReduce(.float32, .sum, count: 100_003), .allReduce(.float64, .sum, count: 2),
          .allReduce(.float64, .sum, count: 4), .allReduce(.int64, .sum, count: 4),
          .allReduce(.float32, .mean, count: 4), .allReduce(.float32, .max, count: 4),
          .reduceScatter(.float32, .sum, count: 4), .broadcast(root: 0, count: 16),
          .allGather(count: 16), .barrier,
        ]
      ),
      (
        scatter,
        [
          .reduceScatter(.int64, .min, count: 100_003), .reduceScatter(.float64, .min, count: 2),
          .reduceScatter(.int64, .max, count: 2), .allReduce(.int64, .min, count: 2),
        ]
      ),
      (.broadcast(root: 0, count: 16), [.broadcast(root: 1, count: 16), .allGather(count: 16)]),
      (.broadcast(root: 1, count: 16), [.broadcast(root: 1, count: 300_000), .barrier]),
      (.allGather(count: 16), [.allGather(count: 0), .allGather(count: 300_000), .barrier]),
      (.barrier, [.allReduce(.int64, .max, count: 1), .broadcast(root: 1, count: 0)]),
    ]
    return pairs.flatMap { usual, others in
      others.map { MismatchedCalls(usual: usual, other: $0) }
    }
  }()

  /// Makes this rank's call and says what is wrong with the outcome: the error must name the odd
  /// rank, another, and what both called.
  func faults(_ group: any ProcessGroup, odd: Int) -> [String] {
    let call = group.rank == odd ? other : usual
    let (error, isUntouched) = call.run(group)
    let text = (error as? CommunicationError)?.message ?? "\(String(describing: error))"
    let others = (0..<group.size).filter { $0 != odd }
    let place = "rank \(group.rank) of \(group.size), \(call.text)"
    return [
      ((error as? CommunicationError)?.kind == .mismatch, "is no mismatch"),
      (text.contains("rank \(odd) called \(other.text)"), "does not name \(odd): \(other.text)"),
      (
        others.contains { text.contains("rank \($0) called \(usual.text)") },
        "does not name another: \(usual.text)"
      ),
      (isUntouched, "has written to the buffer"),
    ].filter { !$0.0 }.map { "\(place): \($0.1): \(text)" }
  }
}
