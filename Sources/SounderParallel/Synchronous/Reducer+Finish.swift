import SounderArray
import SounderAutograd
import SounderComm

extension Reducer {
  /// Reduces what is left, updates, and waits until all ranks of the host have done so.
  func finish(stopRequested: Bool) throws -> DataParallel.Outcome {
    let report = memory.report(step: step, count: reportCount)
    report[plan.shards + memory.region.localRank] = stopRequested ? 1 : 0
    memory.flags.publish(epoch: epoch(.report))
    try advanceToEnd()
    let norm = try agreeOnNorm()
    state = .finished
    let isRefused = progress.contains { $0.header.isRefused }
    if update.defersUpdate && !isRefused {
      for bucket in progress.indices { countUpdates(of: bucket) }
    }
    let scale = norm.map(clipScale) ?? 1
    if !isRefused { try applyKept(scale: scale) }
    try network?.endStep()
    try synchronise(.end, "the end of step \(step)")
    if options.update == .replicated { finishReplicated(isRefused: isRefused, scale: scale) }
    for parameter in parameters {
      parameter.incrementVersion()
      // What this rank's slot holds is a part of the gradient, or has been consumed.
      if options.update == .sharded { parameter.accumulator?.gradient = nil }
    }
    let result = outcome(report, norm: norm, isSkipped: isRefused)
    consumeEpochs()
    state = .idle
    return result
  }

  private func synchronise(_ agreement: Agreement, _ phase: @autoclosure () -> String) throws {
    memory.flags.publish(epoch: epoch(agreement))
    try memory.flags.waitForAll(epoch: epoch(agreement), phase())
  }

  /// The norm of the gradient, if it is wanted.
  private func agreeOnNorm() throws -> Double? {
    guard options.clipNorm != nil else { return nil }
    try network?.join(norms: memory.norms(count: update.pieces.total), of: update.pieces)
    try synchronise(.norm, "the gradient's norm of step \(step)")
    return update.gradientNorm()
  }

  private func clipScale(_ norm: Double) -> Double {
    guard let limit = options.clipNorm else { return 1 }
    return min(1, limit / (norm + 1e-6))
  }

  private func applyKept(scale: Double) throws {
    guard options.update == .sharded, update.defersUpdate else { return }
    note(.updateBegin, bucket: 0)
    update.applyKept(scale: scale) { self.isTouched($0) }
    note(.updateEnd, bucket: 0)
    for bucket in progress.indices { try network?.didUpdate(bucket: bucket) }
  }

  /// Gives every parameter its whole gradient and updates this rank's copy of the parameters.
  private func finishReplicated(isRefused: Bool, scale: Double) {
    note(.updateBegin, bucket: 0)
    for (index, parameter) in parameters.enumerated() {
      guard isTouched(index) else {
        parameter.accumulator?.gradient = nil
        continue
      }
      let segment = BucketPlan.Segment(parameter: index, range: ranges[index])
      let own = update.copySum(segment)
      parameter.accumulator?.gradient = Tensor(
        memory.array(
          own, offset: ranges[index].lowerBound, shape: parameter.shape, elements[index]))
      if !isRefused { update.applyCopy(segment, scale: scale) }
    }
    note(.updateEnd, bucket: 0)
  }

  private func outcome(
    _ report: UnsafeMutablePointer<Double>, norm: Double?, isSkipped: Bool
  ) -> DataParallel.Outcome {
    let words = UnsafeBufferPointer(start: report, count: reportCount)
    return DataParallel.Outcome(
      loss: words[..<plan.shards].reduce(0, +), gradientNorm: norm,
      shouldStop: words[plan.shards...].contains { $0 != 0 },
      isSkipped: isSkipped)
  }
}
