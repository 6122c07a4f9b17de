/// How sums are written on the way between hosts; without one they travel as they are.
///
/// A format may lose information: then the result is no longer bit for bit that of one host, but it is
/// still the same on all hosts, because all of them, the writer included, go on with what readers read.
/// A format sees the same parts of the same buckets in every step until the buckets are planned anew, so
/// it may keep what it left out and add it next time.
protocol WireFormat: AnyObject {
  /// The bytes that `count` values take; the same on all hosts.
  func byteCount(of count: Int) -> Int
  /// Writes values. They may be changed.
  func encode(
    _ values: UnsafeMutableBufferPointer<Float>, _ place: WirePlace,
    into bytes: UnsafeMutableRawBufferPointer)
  /// Reads values that any host has written.
  func decode(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>)
  /// All values of a step have been written; if it was refused, they are of no use to anybody.
  func endStep(isRefused: Bool)
  /// What later steps depend on.
  var state: CompressionState { get set }
}

/// What is being written in a ``WireFormat``.
struct WirePlace: Hashable {
  /// The way of values between hosts.
  enum Stage: Hashable {
    /// A host's sum, for the owner of the part.
    case contribution
    /// The sum over all hosts, from the owner to the others.
    case result
  }

  let stage: Stage
  /// The place of the values in the flat layout.
  let segments: [BucketPlan.Segment]
}
