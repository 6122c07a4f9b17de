import SounderArray
import SounderAutograd
import SounderNN
import SounderTrace

extension DataParallel {
  /// Takes one step: forward and backward for each shard of this rank, reduction, update.
  ///
  /// - Parameters:
  ///   - learningRate: The rate of this step.
  ///   - sampleCount: The samples of the global batch, over all ranks.
  ///   - stopRequested: Whether this rank wants to stop; all ranks learn of it in this step.
  ///   - loss: Computes the mean loss over the samples of one shard, `plan.samples(of:in:)`.
  /// - Throws: what `loss` or the backward pass throws, on all ranks; ``NonFiniteError`` on a rank that
  ///   has computed no finite number, unless such steps are skipped; ``DisagreementError`` if the ranks'
  ///   copies of the model differ; ``CommunicationError``.
  public func step(
    learningRate: Double, sampleCount: Int, stopRequested: Bool = false,
    loss: (_ shard: Int) throws -> Tensor
  ) throws -> Outcome {
    try step(
      learningRate: learningRate, stopRequested: stopRequested,
      share: BatchShare(plan: plan, shards: 0..<plan.shards, sampleCount: sampleCount), loss: loss)
  }

  /// Takes a step on a part of a batch; `loss` is asked for the shards of the whole one.
  func step(
    learningRate: Double, stopRequested: Bool, share: BatchShare,
    loss: (_ shard: Int) throws -> Tensor
  ) throws -> Outcome {
    try check(batch: share.ownCount)
    firstShard = share.shards.lowerBound
    let outcome = try reportingFailure {
      try beginStep(learningRate: learningRate)
      for entry in schedule {
        let weight = share.weight(of: firstShard + entry.shard)
        let value = weight > 0 ? try computeLoss(loss) : nil
        try differentiate(value, weight: weight, stopRequested)
      }
      group.board.enter(.reduction, step: stepCount)
      return try Trace.span(.phase, "finish step", stepCount + 1) {
        try finishSums()
        return try endStep(try reducer.applyUpdate())
      }
    }
    try divergence?.after(steps: stepCount)
    return outcome
  }

  /// Computes the loss of this rank's next shard, with the random numbers and buffers of that shard.
  ///
  /// A loop of one's own calls this, then ``backward(_:weight:sync:stopRequested:)``, once for each of
  /// ``shards``, and ``update(learningRate:)``:
  ///
  /// ```swift
  /// for shard in parallel.shards {
  ///   let loss = try parallel.forward { shard in model(inputs[shard]).crossEntropy(targets[shard]) }
  ///   try parallel.backward(loss, sync: shard == parallel.shards.last)
  /// }
  /// let outcome = try parallel.update(learningRate: 0.1)
  /// ```
  /// - Parameter body: Computes the mean loss over the samples of a shard, given its number.
  /// - Throws: what `body` throws, on all ranks; ``ParallelError`` if the rank's shards are used up.
  public func forward(_ body: (_ shard: Int) throws -> Tensor) throws -> Tensor {
    try reportingFailure { try computeLoss(body) }
  }

  /// Adds the gradient of a loss to those of the step; with `sync` gradients of all ranks are joined.
  ///
  /// Each call is one of this rank's virtual shards (``shards``), so a rank can make as many calls as it has
  /// of them: `Options.accumulate` if `virtualShards` is not set. In the replicated form `grad` holds
  /// the mean gradient of all ranks afterwards. Gradients that are never followed by
  /// ``update(learningRate:)`` are dropped by the next step.
  ///
  /// - Parameters:
  ///   - loss: The mean loss over some samples; nil for a rank that has none.
  ///   - weight: The share of these samples among all of the step, over all ranks; all shards alike if nil.
  ///   - sync: Whether this was the rank's last contribution to the step; shards that are left count as
  ///     empty.
  ///   - stopRequested: Whether this rank wants to stop; all learn of it by the update's outcome.
  /// - Throws: what the backward pass throws, on all ranks; ``ParallelError`` for more calls than shards and for
  ///   a loss that was not computed by ``forward(_:)`` though the model has buffers; ``CommunicationError``.
  public func backward(
    _ loss: Tensor?, weight: Double? = nil, sync: Bool = true, stopRequested: Bool = false
  ) throws {
    try reportingFailure {
      let done = reducer.state == .collecting ? completedShards : 0
      guard sync || done < schedule.count - 1 else {
        throw ParallelError(
          "backward(sync: false): this rank has \(schedule.count) virtual shards and this is the last; "
            + "set options.accumulate to the number of backward passes before an update")
      }
      guard loss == nil || buffers == nil || isForwardDone else {
        throw ParallelError(
          "backward: the model has buffers, which every shard begins with as the step did; compute the "
            + "loss inside forward { … }")
      }
      try openShard()
      try differentiate(loss, weight: weight ?? 1 / Double(plan.shards), stopRequested)
      guard sync else { return }
      while completedShards < schedule.count { try differentiate(nil, weight: 0, stopRequested) }
      group.board.enter(.reduction, step: stepCount)
      try Trace.span(.phase, "finish sums", stepCount + 1) { try finishSums() }
    }
  }

  /// Updates with the gradients that ``backward(_:weight:sync:stopRequested:)`` has joined.
  ///
  /// Every rank calls this. Without an optimiser of its own it only ends the step.
  /// - Throws: ``ParallelError`` if there are no joined gradients; ``CommunicationError``.
  public func update(learningRate: Double) throws -> Outcome {
    guard reducer.state == .finished else {
      throw ParallelError(
        "update: there are no gradients of all ranks; call backward(…, sync: true) before")
    }
    let outcome = try reportingFailure {
      try endStep(try reducer.applyUpdate(learningRate: learningRate))
    }
    try divergence?.after(steps: stepCount)
    return outcome
  }

  // MARK: Parts of a step

  /// Begins a step; gradients of one that was not taken are dropped.
  private func beginStep(learningRate: Double?) throws {
    if reducer.state == .finished { _ = try endStep(try reducer.endStep(), isTaken: false) }
    try takeInUnfrozenParameters()
    inspector.begin(step: stepCount + 1)
    try reducer.begin(step: stepCount, learningRate: learningRate)
    buffers?.beginStep()
    rows?.beginStep()
    completedShards = 0
    isShardOpen = false
  }

  /// Prepares the next shard, of a new step if the last one has ended.
  private func openShard() throws {
    if isShardOpen { return }
    if reducer.state == .idle || reducer.state == .finished { try beginStep(learningRate: nil) }
    guard completedShards < schedule.count else {
      throw ParallelError(
        "forward: the \(schedule.count) virtual shards of this rank are used up; set options.accumulate "
          + "to the number of backward passes before an update")
    }
    try reducer.beginShard(schedule[completedShards])
    isShardOpen = true
    isForwardDone = false
  }

  private func computeLoss(_ body: (_ shard: Int) throws -> Tensor) throws -> Tensor {
    try openShard()
    let shard = firstShard + schedule[completedShards].shard
    buffers?.beginShard()
    group.board.enter(.forward, step: stepCount)
    let result = try Trace.span(.forward, "forward", shard) {
      try withRandomContext(randomContext) { try body(shard) }
    }
    try statistics?.check()
    isForwardDone = true
    return result
  }

  /// Runs the backward pass of the open shard; nil stands for a shard without samples.
  private func differentiate(_ loss: Tensor?, weight: Double, _ stopRequested: Bool) throws {
    try openShard()
    let shard = schedule[completedShards].shard
    if let loss {
      let mean: Double = loss.item()
      try inspector.inspect(loss: mean)
      reducer.report(loss: mean, weight: weight, stopRequested: stopRequested)
      group.board.enter(.backward, step: stepCount)
      try Trace.span(.backward, "backward", firstShard + shard) {
        try reducer.keepingNetworkBusy {
          try withRandomContext(randomContext) {
            try loss.backward(gradient: Tensor(scalar: .float(weight), loss.dtype)) { [reducer] in
              reducer.prepare($0)
            }
          }
        }
      }
      buffers?.endShard(shard, weight: weight)
    } else {
      reducer.report(loss: nil, weight: 0, stopRequested: stopRequested)
    }
    try rows?.endShard()
    try reducer.endShard()
    completedShards += 1
    isShardOpen = false
  }

  /// Waits for the gradients of all ranks, dense and sparse.
  private func finishSums() throws {
    try reducer.finishSums()
    if let rows, !reducer.isRefused { reducer.addToNorm(squares: try rows.join()) }
  }

  /// What the random numbers of the open shard depend on.
  private var randomContext: RandomContext {
    RandomContext(
      seed: options.seed, step: UInt64(stepCount),
      shard: UInt64(firstShard + schedule[completedShards].shard))
  }

  private func endStep(_ outcome: Outcome, isTaken: Bool = true) throws -> Outcome {
    var outcome = outcome
    if outcome.isSkipped {
      buffers?.restore()
      outcome.skipReason = try agreeOnReason()
    } else {
      try buffers?.endStep()
      if isTaken { try rows?.endStep() }
    }
    stepCount += 1
    group.board.enter(.data, step: stepCount)
    return outcome
  }

  /// What the lowest rank that refused this step has found.
  private func agreeOnReason() throws -> String {
    let findings = try group.allGather(text: inspector.finding?.finding ?? "")
    return findings.first { !$0.isEmpty } ?? "a rank refused its gradients"
  }

  /// Runs `body`; if it fails, all other ranks fail too.
  private func reportingFailure<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      reducer.fail(error)
      throw error
    }
  }
}
