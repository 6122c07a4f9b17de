/// When the buckets of a step become ready on a rank that nobody else keeps waiting, and what the rank does
/// for the reduction.
public struct StepProfile: Sendable, Hashable, Codable {
  /// The elements of each bucket, in the order in which they are reduced.
  public let bucketElements: [Int]
  /// Seconds of the rank's own work from the step's begin until each bucket is ready; they do not decrease.
  public let readySeconds: [Double]
  /// Seconds of forward and backward passes, gradients of shards added up included; at least the last of
  /// ``readySeconds``.
  public let computeSeconds: Double
  /// Seconds that a helper thread of the rank works in each step, loading the next batch.
  public let loaderSeconds: Double

  /// A profile; there must be a time for each bucket.
  public init(
    bucketElements: [Int], readySeconds: [Double], computeSeconds: Double,
    loaderSeconds: Double = 0
  ) {
    self.bucketElements = bucketElements
    self.readySeconds = readySeconds
    self.computeSeconds = computeSeconds
    self.loaderSeconds = loaderSeconds
  }

  /// The gradient's elements.
  public var elementCount: Int { bucketElements.reduce(0, +) }
}
