import CKernels

/// The place in shared memory where the first failure among the ranks of a host is written.
final class FailureRecord: @unchecked Sendable {
  // @unchecked: the properties are constant; the record is claimed and raised through C atomics.
  let record: UnsafeMutablePointer<ck_failure>
  private let mapping: RegionMapping

  init(_ record: UnsafeMutablePointer<ck_failure>, in mapping: RegionMapping) {
    self.record = record
    self.mapping = mapping
  }

  /// The part that belongs to the rank that has claimed the record, until it is raised.
  var details: UnsafeMutablePointer<ck_failure_details> {
    UnsafeMutableRawPointer(record)
      .advanced(by: MemoryLayout<ck_failure>.stride - MemoryLayout<ck_failure_details>.stride)
      .assumingMemoryBound(to: ck_failure_details.self)
  }
}
