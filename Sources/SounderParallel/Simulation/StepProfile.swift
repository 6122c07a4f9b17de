/// When the buckets of a step become ready on a rank that nobody else keeps waiting.
public struct StepProfile: Sendable, Hashable {
  /// The elements of each bucket, in the order in which they are reduced.
  public let bucketElements: [Int]
  /// Seconds from the step's begin until each bucket is ready; they do not decrease.
  public let readySeconds: [Double]
  /// Seconds of forward and backward, at least the last of ``readySeconds``.
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

  /// The profile of a step that computes several shards, one after the other; only the last one's gradients are
  /// reduced.
  public func repeated(_ shards: Int) -> StepProfile {
    let before = computeSeconds * Double(shards - 1)
    return StepProfile(
      bucketElements: bucketElements, readySeconds: readySeconds.map { $0 + before },
      computeSeconds: computeSeconds + before, loaderSeconds: loaderSeconds * Double(shards))
  }
}
