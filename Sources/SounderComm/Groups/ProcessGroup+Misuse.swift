import SounderArray

/// What every group refuses, of one rank too: a program must not fail only when it gets a second.
extension ProcessGroup {
  func requireMember(_ other: Int, _ operation: String) {
    require(
      other >= 0 && other < size, "\(operation): there is no rank \(other) in a group of \(size)")
  }

  func requireReducible(_ byteCount: Int, _ type: DType, _ operation: ReduceOperation) {
    ReductionKernel.requireSupport(operation, type)
    require(
      byteCount % type.byteSize == 0,
      "\(operation): \(byteCount) bytes are not a whole number of \(type.name)")
  }

  /// Requires that a buffer holds one part for each rank.
  func requireParts(_ whole: Int, of part: Int, _ subject: String) {
    require(
      whole == part * size, "\(subject) has \(whole) bytes, not \(size) × \(part)")
  }
}
