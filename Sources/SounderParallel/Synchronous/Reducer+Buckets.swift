import CKernels
import Foundation
import SounderAutograd
import SounderComm

// Buckets move through their stages in index order, on all ranks the same.
extension Reducer {
  /// Joins complete buckets of a shard with those of the shards before it, and publishes those of the last
  /// shard.
  func completeShard(_ entry: ShardPlan.Step, isLast: Bool) throws {
    while nextToPublish < progress.count && progress[nextToPublish].pending == 0 {
      join(bucket: nextToPublish, of: entry, isLast: isLast)
      if isLast { try publish(nextToPublish) }
      nextToPublish += 1
    }
    if isLast { try advance() }
  }

  /// Lets the ranks of the host see this rank's part of a bucket.
  private func publish(_ bucket: Int) throws {
    // After a bad loss no gradient of the step is any good.
    if inspector.finding != nil { progress[bucket].header.refuse() }
    update.claimParameters(ofBucket: bucket)
    progress[bucket].header.write(
      to: memory.headers(of: memory.region.localRank) + buckets.buckets[bucket].headerOffset)
    memory.flags.publish(epoch: epoch(bucket: bucket))
    progress[bucket].stage = .published
    note(.published, bucket: bucket)
  }

  /// Moves buckets on as far as that goes without waiting for anybody.
  func advance() throws {
    try network?.progress()
    while let bucket = firstUnsent, isPublishedByAll(bucket) { try send(bucket) }
    while nextToReduce < progress.count, try isArrived(nextToReduce) { try reduce(nextToReduce) }
  }

  /// Runs a backward pass, between whose nodes transfers to other hosts move on.
  func keepingNetworkBusy(_ body: () throws -> Void) throws {
    guard network != nil, shard.isLast else { return try body() }
    try withHookBetweenNodes(
      { [unowned self] in try advance() }, body)
  }

  /// Moves all buckets to their end, waiting for other ranks where need be.
  func advanceToEnd() throws {
    while let bucket = firstUnsent {
      try waitForPublication(of: bucket)
      try send(bucket)
    }
    if let network {
      try waitForHost(epoch(.report), "the losses of step \(step)")
      try network.begin(report: memory.report(step: step, count: reportCount))
    }
    while nextToReduce < progress.count {
      if network == nil { try waitForPublication(of: nextToReduce) }
      try reduce(nextToReduce)
    }
  }

  private func waitForPublication(of bucket: Int) throws {
    try waitForHost(epoch(bucket: bucket), "gradient bucket \(bucket) of step \(step)")
  }

  /// Waits for the other ranks of the host, without leaving the network alone meanwhile.
  private func waitForHost(_ epoch: UInt32, _ phase: @autoclosure () -> String) throws {
    if let network, network.isBusy {
      let end = ContinuousClock.now + memory.flags.membership.timeout
      while network.isBusy && !isReachedByAll(epoch) && ContinuousClock.now < end {
        try network.progress()
        sched_yield()
      }
    }
    try memory.flags.waitForAll(epoch: epoch, phase())
  }

  private func isReachedByAll(_ epoch: UInt32) -> Bool {
    (0..<memory.region.localSize).allSatisfy { memory.flags.isReached($0, epoch: epoch) }
  }

  /// The first bucket that has not begun its way to other hosts though this rank has published it.
  private var firstUnsent: Int? {
    network != nil && nextToSend < nextToPublish ? nextToSend : nil
  }

  private func isPublishedByAll(_ bucket: Int) -> Bool { isReachedByAll(epoch(bucket: bucket)) }

  private func isArrived(_ bucket: Int) throws -> Bool {
    if let network {
      return try progress[bucket].stage == .travelling && network.isComplete(bucket: bucket)
    }
    return progress[bucket].stage == .published && isPublishedByAll(bucket)
  }

  /// Adds up this rank's slice over the host and passes it on to the other hosts.
  private func send(_ bucket: Int) throws {
    guard let network else { return }
    joinHeaders(bucket)
    if let bad = update.sumHost(bucket, hostLeaves, into: network.hostSums) {
      try refuse(bucket, bad)
    }
    note(.networkBegin, bucket: bucket)
    progress[bucket].stage = .travelling
    nextToSend = bucket + 1
    try network.begin(bucket: bucket, header: progress[bucket].header)
  }

  private func joinHeaders(_ bucket: Int) {
    for rank in 0..<memory.region.localSize where rank != memory.region.localRank {
      progress[bucket].header.formUnion(
        memory.headers(of: rank) + buckets.buckets[bucket].headerOffset)
    }
  }

  /// Adds up this rank's slice and updates it, or keeps the sum.
  private func reduce(_ bucket: Int) throws {
    if let network {
      progress[bucket].header = try network.finish(bucket: bucket)
      note(.networkEnd, bucket: bucket)
    } else {
      joinHeaders(bucket)
    }
    note(.reduceBegin, bucket: bucket)
    if !update.defersUpdate { countUpdates(of: bucket) }
    let bad =
      adasum == nil
      ? update.reduce(bucket: bucket) { self.isTouched($0) }
      : update.findBad(bucket: bucket) { self.isTouched($0) }
    if let bad {
      try refuse(bucket, bad, isJoint: network != nil)
    }
    progress[bucket].stage = .reduced
    nextToReduce = bucket + 1
    note(.reduceEnd, bucket: bucket)
    if !update.defersUpdate { try network?.didUpdate(bucket: bucket) }
  }

  /// Ends the job because of a block of a sum that is no finite number, or makes all ranks leave the step out.
  ///
  /// - Parameter isJoint: Whether other hosts see the same sum; those whose parts are bad name them.
  private func refuse(_ bucket: Int, _ block: BucketPlan.Segment, isJoint: Bool = false) throws {
    // A rank that refuses on its own account says why.
    if !progress[bucket].header.isRefused && !(isJoint && mayRefuse) {
      try inspector.note(badSum: block, of: hostLeaves)
    }
    progress[bucket].header.refuse()
  }

  /// Counts an update of every parameter of a bucket that was used.
  func countUpdates(of bucket: Int) {
    for (place, segment) in buckets.buckets[bucket].segments.enumerated()
    where progress[bucket].header.isTouched(place) {
      update.countStep(segment.parameter)
    }
  }

  /// Whether any rank used a parameter in this step; known once its bucket is reduced.
  func isTouched(_ parameter: Int) -> Bool {
    progress[buckets.bucketOfParameter[parameter]].header.isTouched(
      buckets.placeOfParameter[parameter])
  }
}
