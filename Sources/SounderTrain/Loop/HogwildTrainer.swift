import SounderAutograd
import SounderComm
import SounderNN
import SounderParallel

/// Lets workers of all ranks update shared parameters without locks; one batch is one ticket.
final class HogwildTrainer: Trainer {
  private let hogwild: Hogwild
  private let schedule: LearningRateSchedule
  private let dataset: Dataset
  private let sampler: DistributedSampler
  private let batchSize: Int
  private var staleness = StalenessHistogram()
  private var retries = 0

  init(
    _ configuration: Configuration, plan: JobPlan, dataset: Dataset, group: any ProcessGroup
  ) throws {
    self.dataset = dataset
    hogwild = try Hogwild(
      group: group, optimizer: configuration.optimizerConfiguration,
      options: configuration.hogwildOptions
    ) {
      try configuration.makeModel(for: dataset)
    }
    schedule = configuration.learningRateSchedule(steps: plan.stepCount)
    batchSize = configuration.train.batchSize
    sampler = DistributedSampler(
      sampleCount: dataset.count, batchSize: batchSize, shardCount: 1, seed: configuration.seed,
      shuffles: configuration.data.shuffle)
  }

  var model: Module { hogwild.model }
  var sharedByteCount: Int { hogwild.sharedByteCount }

  func train(epoch: Int, steps: Range<Int>, recorder: RunRecorder) throws -> Bool {
    let order = sampler.order(epoch: epoch)
    let firstOfEpoch = epoch * sampler.stepsPerEpoch
    // The last batch of each earlier epoch may have been short: samples are counted, not multiplied.
    let samplesBefore = epoch * dataset.count
    hogwild.group.board.enter(.tickets)
    let report = try hogwild.run(
      tickets: steps, learningRate: { [schedule] in schedule.rate(at: $0) },
      loss: { [dataset, sampler, trace = recorder.trace] model, ticket in
        trace?.enter(step: ticket + 1)
        let (features, targets) = dataset.gather(order[sampler.batch(step: ticket - firstOfEpoch)])
        return dataset.loss(model(Tensor(features)), Tensor(targets))
      },
      afterUpdate: { [schedule, dataset, batchSize, hogwild] committed, loss in
        if StopSignal.pending != 0 { hogwild.stop() }
        let inEpoch = min((committed - firstOfEpoch) * batchSize, dataset.count)
        try recorder.record(
          step: committed, samples: samplesBefore + inEpoch, loss: loss,
          learningRate: schedule.rate(at: max(committed - 1, 0)))
      })
    staleness.merge(report.staleness)
    retries += report.retries
    let done = steps.lowerBound + report.updates
    recorder.end(
      step: done, samples: samplesBefore + min((done - firstOfEpoch) * batchSize, dataset.count),
      meanLoss: report.meanLoss)
    return report.wasStopped && report.updates < steps.count
  }

  func summary() -> JSONObject {
    let last = staleness.bins.lastIndex { $0 > 0 } ?? 0
    return [
      "mode": "hogwild", "workers": .integer(hogwild.workerCount),
      "updates": .integer(staleness.count), "retries": .integer(retries),
      "staleness": [
        // Bin 0 counts fresh updates, bin k those of staleness 2^(k-1) up to 2^k - 1.
        "histogram": .array(staleness.bins[...last].map(JSONValue.integer)),
        "p50": .integer(staleness.quantile(0.5)), "p99": .integer(staleness.quantile(0.99)),
        "maximum": .integer(staleness.maximum),
      ],
    ]
  }
}
