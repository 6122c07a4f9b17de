import Foundation
import SounderArray

@testable import SounderComm

/// What each rank brings to the collectives of a sweep, and what each reduction must give.
///
/// One period of the slow reference is worked out, once for all ranks; buffers of any length repeat
/// it. So every byte of a long buffer is compared, also where unoptimised code would be too slow to
/// work it out.
struct Contributions: Sendable {
  let type: DType
  let ranks: Int
  private let inputs: [[UInt8]]
  /// Empty for the types that collectives move and do not reduce.
  private let results: [ReduceOperation: [UInt8]]

  init(_ type: DType, ranks: Int) {
    self.type = type
    self.ranks = ranks
    switch type {
    case .float32: (inputs, results) = Contributions.reducible(Float.self, ranks)
    case .float64: (inputs, results) = Contributions.reducible(Double.self, ranks)
    case .int64: (inputs, results) = Contributions.reducible(Int64.self, ranks)
    default:
      let bytes = contributionPeriod * type.byteSize
      inputs = (0..<ranks).map { rank in
        (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ rank &* 17) }
      }
      results = [:]
    }
  }

  private static func reducible<T: Reducible>(
    _ type: T.Type, _ ranks: Int
  ) -> (inputs: [[UInt8]], results: [ReduceOperation: [UInt8]]) {
    let values = (0..<ranks).map { rank in
      (0..<contributionPeriod).map { T.value(rank, $0) }
    }
    let results = ReduceOperation.allCases.map { operation in
      let period = (0..<contributionPeriod).map { index in
        reduced(ranks: ranks, operation) { values[$0][index] }
      }
      return (operation, period.withUnsafeBytes { Array($0) })
    }
    return (
      values.map { $0.withUnsafeBytes { Array($0) } }, Dictionary(uniqueKeysWithValues: results)
    )
  }

  var operations: [ReduceOperation] { ReduceOperation.allCases.filter { results[$0] != nil } }

  /// Writes the first elements of what a rank brings.
  func write(_ rank: Int, to buffer: UnsafeMutableRawBufferPointer) {
    forEachPiece(of: buffer.count, from: 0) { offset, start, count in
      inputs[rank].withUnsafeBytes {
        _ = memcpy(buffer.baseAddress! + offset, $0.baseAddress! + start, count)
      }
    }
  }

  /// Whether a buffer holds the first elements of what a rank brings.
  func isInput(of rank: Int, _ buffer: UnsafeRawBufferPointer) -> Bool {
    isEqual(buffer, inputs[rank], from: 0)
  }

  /// Whether a buffer holds the bits of the reduction, from an element on.
  func isResult(
    of operation: ReduceOperation, _ buffer: UnsafeRawBufferPointer, from element: Int = 0
  ) -> Bool {
    results[operation].map { isEqual(buffer, $0, from: element) } ?? false
  }

  private func isEqual(
    _ buffer: UnsafeRawBufferPointer, _ period: [UInt8], from element: Int
  ) -> Bool {
    var equal = true
    forEachPiece(of: buffer.count, from: element) { offset, start, count in
      period.withUnsafeBytes {
        equal =
          equal && memcmp(buffer.baseAddress! + offset, $0.baseAddress! + start, count) == 0
      }
    }
    return equal
  }

  /// Cuts bytes where the period ends.
  private func forEachPiece(
    of byteCount: Int, from element: Int,
    _ body: (_ offset: Int, _ start: Int, _ count: Int) -> Void
  ) {
    let period = contributionPeriod * type.byteSize
    var start = element % contributionPeriod * type.byteSize
    var offset = 0
    while offset < byteCount {
      let count = min(period - start, byteCount - offset)
      body(offset, start, count)
      offset += count
      start = 0
    }
  }
}

/// Bytes between two guards, so that whoever writes outside is found.
///
/// They begin on no cache line, as parts of larger buffers do.
struct GuardedBuffer {
  private let memory: UnsafeMutableRawBufferPointer
  private static let guardBytes = 80
  private static let mark: UInt8 = 0xA5

  /// A buffer full of a byte that no result begins with.
  init(byteCount: Int) {
    memory = .allocate(byteCount: byteCount + 2 * GuardedBuffer.guardBytes, alignment: 64)
    memset(memory.baseAddress!, Int32(GuardedBuffer.mark), memory.count)
  }

  func deallocate() { memory.deallocate() }

  var bytes: UnsafeMutableRawBufferPointer {
    let guardBytes = GuardedBuffer.guardBytes
    return UnsafeMutableRawBufferPointer(rebasing: memory[guardBytes..<memory.count - guardBytes])
  }

  var constant: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

  func part(_ index: Int, byteCount: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[index * byteCount..<(index + 1) * byteCount])
  }

  /// Whether nobody has written outside.
  var isIntact: Bool {
    let guards = [
      memory[..<GuardedBuffer.guardBytes], memory[(memory.count - GuardedBuffer.guardBytes)...],
    ]
    return guards.allSatisfy { $0.allSatisfy { $0 == GuardedBuffer.mark } }
  }

  /// Whether nobody has written at all.
  var isUntouched: Bool { memory.allSatisfy { $0 == GuardedBuffer.mark } }
}
