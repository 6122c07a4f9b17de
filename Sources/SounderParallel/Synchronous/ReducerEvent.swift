/// What happens to a bucket, for those who watch a step; see ``Reducer/note(_:bucket:)``.
enum ReducerEvent: Sendable, Hashable {
  /// The last missing gradient of the last shard has arrived.
  case ready
  /// The rank's gradients are visible to the other ranks of the host.
  case published
  /// The host's sums begin their way to other hosts.
  case networkBegin
  /// The sums of all hosts are there.
  case networkEnd
  /// This rank adds its slice up, and updates it at once unless the update waits for a verdict.
  case reduceBegin
  /// The slice is added up.
  case reduceEnd
  /// This rank updates its slices after the verdict; for all buckets.
  case updateBegin
  /// The slices are updated.
  case updateEnd
  /// All gradients of this rank are there; what follows may wait for other ranks.
  case collected
  /// All ranks' sums are there, after a wait for them that only steps have whose updates wait too.
  case met
}
