/// The network part of a reduction: how the sums of hosts meet, bucket by bucket.
///
/// The life of a bucket on a rank:
///
/// 1. *collecting*: gradients of the last shard are still missing on this rank.
/// 2. *published*: this rank's gradients and its header are in shared memory.
/// 3. All ranks of the host have published: the reducer adds ``contribution(to:)`` up to each of
///    ``hostSums`` and calls ``begin(bucket:header:)``. The bucket is *travelling*.
/// 4. When ``isComplete(bucket:)`` says so, or at the end of the step after ``finish(bucket:)`` has
///    waited, the reducer evaluates the tree over ``results`` on ``slice(of:)``, updates there and calls
///    ``didUpdate(bucket:)``.
///
/// Buckets begin in index order, on every rank the same. The reducer calls ``progress()`` whenever a
/// gradient is complete and while it waits for others. All calls come from one thread at a time: the rank's
/// own, but for ``moveTransfers()`` (see ``ThreadedLeg``). The step's
/// end is a synchronisation of the host's ranks, so memory written for one step may be written again in the
/// next. Of the epochs in ``StepRegion/flags``, channel 0 belongs to the reducer, channel
/// ``StepRegion/networkChannel`` to the leg.
///
/// The header may say that the step must not be taken, of which other ranks of the other hosts learn when they meet
/// with all sums.
///
/// Bits: a leg that only moves sums gives those of one host, since every node of the tree is evaluated
/// somewhere and all by the same additions.
protocol NetworkLeg: AnyObject {
  /// The tree nodes this host adds up, from left to right, and where their sums belong.
  var hostSums: [HostSum] { get }
  /// What the final sum is made of: addresses of sums of tree nodes that cover all shards from left to
  /// right. Valid on this rank's slice of a bucket once that is complete, until the step ends.
  var results: [TreeSum.Leaf] { get }

  /// What this rank updates of a bucket; the ranks of a host share its work out among themselves.
  func slice(of bucket: BucketPlan.Bucket) -> [BucketPlan.Segment]
  /// What this rank adds up over the host for a bucket.
  func contribution(to bucket: BucketPlan.Bucket) -> [BucketPlan.Segment]
  /// Whether ``slice(of:)`` leaves out what ranks of other hosts update: then only they need optimiser
  /// state for it, and the leg passes updated parameters on.
  var gathersParameters: Bool { get }

  /// Whether what any rank of this host writes into its header reaches another host, and not only what
  /// the first writes.
  var sendsEveryHeader: Bool { get }

  /// What this rank has sent to other hosts since the start: gradients, parameters, headers.
  var sentBytes: Int { get }

  /// Prepares for a step with the given buckets, which may differ from those of the step before.
  func beginStep(_ step: Int, buckets: BucketPlan) throws
  /// Takes a bucket: this rank's slice of ``hostSums`` is written, `header` joins the ranks of this host.
  func begin(bucket: Int, header: BucketHeader) throws
  /// Takes what the ranks of this host report at the end of a step, in the form of
  /// ``StepRegion/report(step:count:)``. At the end of the step the losses of all hosts' shards are there,
  /// and a stop request of another host in the last word.
  func begin(report: UnsafeMutablePointer<Double>) throws
  /// Whether transfers are under way, so that ``progress()`` is worth calling.
  var isBusy: Bool { get }
  /// Moves pending transfers on, and looks now and then whether a rank has failed; must return at once.
  func progress() throws
  /// Moves pending transfers on and does nothing else; must return at once.
  func moveTransfers() throws
  /// Whether ``results`` may be read on this rank's slice of a bucket that was begun.
  func isComplete(bucket: Int) throws -> Bool
  /// Waits until a bucket is complete, which may progress others; a deadline ends the wait.
  /// - Returns: The header joined over all hosts.
  func finish(bucket: Int) throws -> BucketHeader
  /// Completes the squared norms of pieces with those that other hosts have measured.
  func join(norms: UnsafeMutablePointer<Double>, of pieces: PieceNumbers) throws
  /// The parameters of this rank's slice of a bucket are updated.
  func didUpdate(bucket: Int) throws
  /// Waits until nothing is under way; called when all updates are done, before the host's ranks
  /// synchronise.
  ///
  /// - Parameter isRefused: Whether all ranks leave the step out.
  func endStep(isRefused: Bool) throws
  /// What compression carries from step to step on this rank.
  var compressionState: CompressionState { get set }
}

extension NetworkLeg {
  /// The elements of each parameter that this rank updates.
  func owned(_ plan: BucketPlan) -> [Int: Range<Int>] {
    let segments = plan.buckets.flatMap { slice(of: $0) }
    return Dictionary(uniqueKeysWithValues: segments.map { ($0.parameter, $0.range) })
  }
}

/// A tree node that a host adds up, and where the sum belongs.
struct HostSum {
  let node: Range<Int>
  let sum: UnsafeMutablePointer<Float>
}
