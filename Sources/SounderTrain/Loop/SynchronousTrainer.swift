import SounderAutograd
import SounderComm
import SounderNN
import SounderParallel
import SounderTrace

/// Takes steps together with all other ranks.
final class SynchronousTrainer: Trainer {
  let model: Module
  private let parallel: any SynchronousStepping
  private let update: DataParallel.Update
  private let loader: BatchLoader
  private let schedule: LearningRateSchedule
  private let dataset: Dataset
  private var samples = 0

  init(
    _ configuration: Configuration, plan: JobPlan, dataset: Dataset, group: any ProcessGroup
  ) throws {
    self.dataset = dataset
    model = try configuration.makeModel(for: dataset)
    let options = configuration.dataParallelOptions
    update = options.update
    let optimizer = configuration.optimizerConfiguration
    let means = LocalSGD.Schedule(
      every: configuration.parallel.syncEvery, after: configuration.parallel.syncAfter)
    parallel =
      means.every > 1
      ? try LocalSGD(
        model: model, optimizer: optimizer, group: group, options: options, schedule: means)
      : try DataParallel(model: model, optimizer: optimizer, group: group, options: options)
    schedule = configuration.learningRateSchedule(steps: plan.stepCount)
    let batchSize = configuration.train.samplesPerStep
    try parallel.check(batch: min(batchSize, dataset.count))
    // The last batch of an epoch is what the others leave.
    if dataset.count % batchSize > 0 { try parallel.check(batch: dataset.count % batchSize) }
    let sampler = DistributedSampler(
      sampleCount: dataset.count, batchSize: batchSize,
      shardCount: parallel.plan.shards, seed: configuration.seed,
      shuffles: configuration.data.shuffle)
    loader = BatchLoader(
      dataset, sampler, shards: parallel.shards, epochs: 0..<configuration.train.epochs)
  }

  var sharedByteCount: Int { parallel.sharedByteCount }

  func train(epoch: Int, steps: Range<Int>, recorder: RunRecorder) throws -> Bool {
    for step in steps {
      recorder.begin(step: step + 1)
      let end = try Trace.span(.step, "step", step + 1) { try take(step: step, recorder) }
      if let end {
        try parallel.settle()
        return end == .stopped
      }
    }
    // What is evaluated or saved is one model.
    try parallel.settle()
    return false
  }

  /// Why no further step follows.
  private enum End { case noData, stopped }

  private func take(step: Int, _ recorder: RunRecorder) throws -> End? {
    guard let batch = try loader.next() else { return .noData }
    let rate = schedule.rate(at: step)
    let first = parallel.shards.lowerBound
    let outcome = try parallel.step(
      learningRate: rate, sampleCount: batch.globalCount,
      stopRequested: StopSignal.pending != 0
    ) { [model, dataset] shard in
      let part = batch.shards[shard - first]
      return dataset.loss(model(Tensor(part.features)), Tensor(part.targets))
    }
    samples += batch.globalCount
    if let reason = outcome.skipReason {
      try recorder.recordSkipped(step: step + 1, samples: samples, reason: reason)
    } else {
      try recorder.record(
        step: step + 1, samples: samples, loss: outcome.loss, learningRate: rate)
    }
    return outcome.shouldStop ? .stopped : nil
  }

  func summary() -> JSONObject {
    [
      "mode": "sync", "update": .string(update.rawValue),
      "virtual_shards": .integer(parallel.plan.shards),
    ]
  }
}
