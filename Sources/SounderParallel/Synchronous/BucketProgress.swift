/// How far a bucket has come in the current step on this rank.
struct BucketProgress {
  /// The stages of a bucket's life, in order; ``NetworkLeg`` describes them.
  enum Stage: Int, Comparable {
    case collecting
    case published
    case travelling
    case reduced

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  var stage = Stage.collecting
  /// The parameters of the current shard whose gradients are still missing.
  var pending = 0
  /// What this rank knows of the bucket; once it is reduced, what all ranks know.
  var header: BucketHeader

  init(_ bucket: BucketPlan.Bucket) {
    header = BucketHeader(parameters: bucket.segments.count)
  }
}
