import CKernels
import SounderArray

/// The element-wise reduction of several sources, along the fixed tree over the ranks.
package struct ReductionKernel {
  let type: DType
  private let code: Int32
  /// What sums are divided by: the number of ranks for a mean, else 1.
  private let divisor: Int

  /// A kernel that reduces over all `ranks`.
  package init(_ operation: ReduceOperation, _ type: DType, ranks: Int) {
    ReductionKernel.requireSupport(operation, type)
    self.type = type
    divisor = operation == .mean ? ranks : 1
    switch operation {
    case .sum, .mean: code = Int32(CK_REDUCE_SUM)
    case .min: code = Int32(CK_REDUCE_MIN)
    case .max: code = Int32(CK_REDUCE_MAX)
    }
  }

  package static func supports(_ type: DType) -> Bool {
    type == .float32 || type == .float64 || type == .int64
  }

  static func requireSupport(_ operation: ReduceOperation, _ type: DType) {
    require(
      supports(type),
      "\(operation): cannot reduce \(type.name) over ranks; cast to float32, float64 or int64")
  }

  /// Writes `count` elements to `out`, which may be one of the sources.
  package func callAsFunction(
    _ sources: [UnsafeRawPointer], into out: UnsafeMutableRawPointer, count: Int
  ) {
    guard count > 0 else { return }
    sources.withUnsafeBytes { bytes in
      guard let list = bytes.baseAddress else { return }
      let ranks = Int32(sources.count)
      switch type {
      case .float32:
        ck_shared_reduce_f32(
          out.assumingMemoryBound(to: Float.self),
          list.assumingMemoryBound(to: UnsafePointer<Float>?.self), ranks, count, code,
          Float(divisor))
      case .float64:
        ck_shared_reduce_f64(
          out.assumingMemoryBound(to: Double.self),
          list.assumingMemoryBound(to: UnsafePointer<Double>?.self), ranks, count, code,
          Double(divisor))
      default:
        ck_shared_reduce_i64(
          out.assumingMemoryBound(to: Int64.self),
          list.assumingMemoryBound(to: UnsafePointer<Int64>?.self), ranks, count, code,
          Int64(divisor))
      }
    }
  }

  /// Combines elements `range` of all buffers into each of them.
  func allReduce(_ buffers: [UnsafeMutableRawPointer], _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    buffers.withUnsafeBytes { bytes in
      guard let list = bytes.baseAddress else { return }
      let (ranks, begin, end) = (Int32(buffers.count), range.lowerBound, range.upperBound)
      switch type {
      case .float32:
        ck_shared_all_reduce_f32(
          list.assumingMemoryBound(to: UnsafeMutablePointer<Float>?.self), ranks, begin, end, code,
          Float(divisor))
      case .float64:
        ck_shared_all_reduce_f64(
          list.assumingMemoryBound(to: UnsafeMutablePointer<Double>?.self), ranks, begin, end,
          code, Double(divisor))
      default:
        ck_shared_all_reduce_i64(
          list.assumingMemoryBound(to: UnsafeMutablePointer<Int64>?.self), ranks, begin, end, code,
          Int64(divisor))
      }
    }
  }
}

/// The part of `count` elements that belongs to one of `parts`: parts differ by at most 64 bytes
/// and begin on multiples of 64 bytes, so that no two ranks write the same cache line.
package func slice(of count: Int, part: Int, parts: Int, elementBytes: Int) -> Range<Int> {
  let perLine = max(64 / elementBytes, 1)
  let lines = (count + perLine - 1) / perLine
  let lower = lines * part / parts * perLine
  let upper = lines * (part + 1) / parts * perLine
  return min(lower, count)..<min(upper, count)
}
