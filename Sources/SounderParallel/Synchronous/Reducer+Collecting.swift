import SounderAutograd

// The gradients of one rank arrive, shard by shard.
extension Reducer {
  /// Begins a step.
  ///
  /// - Parameter learningRate: The rate of the update if that may happen as soon as sums are there; nil
  ///   if the step ends with ``applyUpdate(learningRate:)``.
  func begin(step: Int, learningRate: Double?) throws {
    self.step = step
    state = .collecting
    progress = buckets.buckets.map(BucketProgress.init)
    nextToSend = 0
    nextToReduce = 0
    stopRequested = false
    ownWeight = 0
    isRefused = false
    for product in products { product?.begin() }
    let mustWait =
      options.clipNorm != nil || mayRefuse || learningRate == nil || adasum != nil
    update.begin(
      learningRate: learningRate ?? 0,
      policy: SliceUpdate.Policy(
        defersUpdate: mustWait, measuresNorm: options.clipNorm != nil))
    try network?.beginStep(step, buckets: buckets)
  }

  /// Points the gradients of all parameters to the slot of a shard.
  func beginShard(_ entry: ShardPlan.Step) throws {
    shard.begin(entry, isLast: entry.shard == plan.shards(of: position).upperBound - 1)
    nextToPublish = 0
    for (index, bucket) in buckets.buckets.enumerated() {
      progress[index].pending = bucket.segments.count
    }
    let slot = memory.slot(entry.slot, of: memory.region.localRank)
    let additions = self.additions(after: entry, isLast: shard.isLast)
    for (index, parameter) in parameters.enumerated() {
      guard let leaf = parameter.accumulator else { continue }
      products[index]?.beginShard(additions: additions.count)
      leaf.gradient = nil
      leaf.destination = memory.array(
        slot, offset: ranges[index].lowerBound, shape: parameter.shape, elements[index])
    }
  }

  /// Reports the loss of the current shard; before the last bucket is published, so that all may read it.
  ///
  /// - Parameters:
  ///   - loss: The mean over the shard's samples; nil if it has none.
  ///   - weight: The share of these samples among all of the step.
  func report(loss: Double?, weight: Double, stopRequested: Bool) {
    let report = memory.report(step: step, count: reportCount)
    report[shard.entry.shard] = (loss ?? 0) * weight
    ownWeight += weight
    if adasum != nil && shard.isLast {
      let scale = memory.gradientScale(ofRank: memory.region.localRank)
      scale.pointee = ownWeight > 0 ? 1 / ownWeight : 0
    }
    self.stopRequested = self.stopRequested || stopRequested
  }

  /// Looks at the graph of the pass that begins.
  func prepare(_ graph: PassGraph) { shard.expect(graph, &graphs) }

  /// The number of different graphs seen.
  var graphCount: Int { graphs.graphCount }

  /// A gradient has arrived at a parameter.
  func gradientArrived(at index: Int) throws {
    guard state == .collecting else { return }
    if shard.isSettled[index] && buckets.bucketOfParameter[index] < nextToPublish {
      throw ParallelError(
        "parameter '\(names[index])' got a gradient after its bucket was reduced: a hook or custom "
          + "operator ran other backward passes than in an earlier step with an equal graph; make "
          + "the difference visible in the graph, or take its gradients outside DataParallel")
    }
    progress[buckets.bucketOfParameter[index]].header.touch(buckets.placeOfParameter[index])
    if shard.arrive(index) { try settle(index) }
    if shard.isLast && network != nil { try advance() }
  }

  /// A parameter's gradient of this shard is complete; one that got none contributes zeros.
  private func settle(_ index: Int) throws {
    if shard.isSettled[index] { return }
    shard.settle(index)
    if shard.arrivals[index] == 0 {
      let slot = memory.slot(shard.entry.slot, of: memory.region.localRank)
      (slot + ranges[index].lowerBound).update(repeating: 0, count: ranges[index].count)
    }
    let bucket = buckets.bucketOfParameter[index]
    progress[bucket].pending -= 1
    if progress[bucket].pending == 0 {
      if shard.isLast { note(.ready, bucket: bucket) }
      try completeShard(shard.entry, isLast: shard.isLast)
    }
  }

  /// Ends a shard: what has not arrived by now never will.
  func endShard() throws {
    shard.end(&graphs)
    if shard.isLast { reportRequests() }
    for index in parameters.indices.reversed() { try settle(index) }
    if shard.isLast { state = .reducing }
  }

  /// Makes all ranks leave the step out because of a parameter that this rank has not used; called before
  /// the end of the shard, when the parameter's bucket cannot have been published.
  func refuse(parameter: Int) {
    progress[buckets.bucketOfParameter[parameter]].header.refuse()
  }
}
