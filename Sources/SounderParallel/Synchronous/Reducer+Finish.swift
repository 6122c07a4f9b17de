import SounderArray
import SounderAutograd
import SounderComm

// The end of a step: the sums of all buckets, the verdict, the update.
extension Reducer {
  /// Reduces what is left, which waits for other ranks; then all sums are there.
  ///
  /// In the replicated form every parameter then has its whole gradient.
  func finishSums() throws {
    note(.collected, bucket: 0)
    memory.flags.publish(epoch: epoch(.report))
    try advanceToEnd()
    norm = nil
    if options.clipNorm != nil {
      try network?.join(norms: memory.norms(count: update.pieces.total), of: update.pieces)
    }
    if let adasum { try join(adasum) }
    if update.defersUpdate {
      try meetWithSums()
      note(.met, bucket: 0)
    }
    // A step that is left out may have pieces without a sum.
    if options.clipNorm != nil { norm = isRefused ? .nan : update.gradientNorm() }
    if options.update == .replicated { try copySums() }
    state = .finished
  }

  /// Joins the gradients of all ranks level by level; in a step that is left out, for nothing.
  private func join(_ adasum: Adasum) throws {
    for (level, pairs) in adasum.levels.enumerated() {
      update.measure(pairs, level: level) { self.isTouched($0) }
      try meet(epoch(level: level), "level \(level) of adaptive summation of step \(step)")
      update.join(pairs, level: level) { self.isTouched($0) }
    }
    update.keepJoined { self.isTouched($0) }
  }

  /// Waits until all sums of the host are there, and agrees with its ranks whether the step is taken.
  ///
  /// What a rank of another host refuses is in the header of a bucket, which that rank's lane has here too.
  private func meetWithSums() throws {
    memory.verdict(of: memory.region.localRank).pointee =
      progress.contains { $0.header.isRefused } ? 1 : 0
    try meet(epoch(.sums), "the sums of step \(step)")
    isRefused = (0..<memory.region.localSize).contains { memory.verdict(of: $0).pointee != 0 }
  }

  /// Updates where that had to wait, and ends the step.
  /// - Parameter learningRate: The rate, if it was not known at the beginning of the step.
  func applyUpdate(learningRate: Double? = nil) throws -> DataParallel.Outcome {
    if update.defersUpdate && !isRefused {
      if let learningRate { update.learningRate = learningRate }
      note(.updateBegin, bucket: 0)
      for bucket in progress.indices { countUpdates(of: bucket) }
      try applyKept()
      note(.updateEnd, bucket: 0)
    }
    let changesParameters = update.hasOptimizer && !isRefused
    return try endStep(changesParameters: changesParameters)
  }

  /// Ends a step whose sums are there, whether it was taken or not.
  func endStep(changesParameters: Bool = false) throws -> DataParallel.Outcome {
    try network?.endStep(isRefused: isRefused)
    if options.update == .sharded || network != nil {
      try meet(epoch(.end), "the end of step \(step)")
    }
    for parameter in parameters {
      if changesParameters { parameter.incrementVersion() }
      // What this rank's slot holds is a part of the gradient, or has been consumed.
      if options.update == .sharded { parameter.accumulator?.gradient = nil }
    }
    let (result, requests) = outcome()
    consumeEpochs()
    state = .idle
    if requests & Request.newLayout != 0 { try adoptObservedOrder() }
    return result
  }

  private func meet(_ epoch: UInt32, _ phase: @autoclosure () -> String) throws {
    memory.flags.publish(epoch: epoch)
    try memory.flags.waitForAll(epoch: epoch, phase())
  }

  /// The factor that brings the gradient's norm down to the limit.
  var clipScale: Double {
    guard let norm, let limit = options.clipNorm else { return 1 }
    return min(1, limit / (norm + 1e-6))
  }

  private func applyKept() throws {
    if options.update == .sharded {
      update.applyKept(scale: clipScale) { self.isTouched($0) }
      for bucket in progress.indices { try network?.didUpdate(bucket: bucket) }
    } else {
      for (index, range) in ranges.enumerated() where isTouched(index) {
        update.applyCopy(
          BucketPlan.Segment(parameter: index, range: range), scale: clipScale)
      }
    }
  }

  /// Completes the norm with what is reduced apart.
  func addToNorm(squares: Double) {
    norm = norm.map { ($0 * $0 + squares).squareRoot() }
  }

  /// Gives every parameter its whole gradient; those that nobody used get none.
  ///
  /// For an optimiser of the user's own the gradient is clipped here.
  private func copySums() throws {
    for (index, parameter) in parameters.enumerated() {
      guard isTouched(index) else {
        parameter.accumulator?.gradient = nil
        continue
      }
      let range = ranges[index]
      let own = update.copySum(BucketPlan.Segment(parameter: index, range: range))
      if !update.hasOptimizer, clipScale < 1 {
        let scale = clipScale
        for element in range { own[element] = Float(Double(own[element]) * scale) }
      }
      parameter.accumulator?.gradient = Tensor(
        memory.array(own, offset: range.lowerBound, shape: parameter.shape, elements[index]))
    }
  }

  /// What the step found out, and what ranks ask for.
  private func outcome() -> (DataParallel.Outcome, requests: Int) {
    let words = UnsafeBufferPointer(
      start: memory.report(step: step, count: reportCount), count: reportCount)
    let requests = words[plan.shards...].reduce(0) { $0 | Int($1) }
    let outcome = DataParallel.Outcome(
      loss: words[..<plan.shards].reduce(0, +), gradientNorm: norm,
      shouldStop: requests & Request.stop != 0, isSkipped: isRefused)
    return (outcome, requests)
  }
}
