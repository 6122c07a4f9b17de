import SounderAutograd
import SounderComm
import SounderNN
import SounderParallel

/// Steps of a job on one of several ranks that work at the same time, to find out what a rank does.
///
/// Batches are put together between the steps, as a thread of its own does in training, and timed by themselves.
struct StepCalibration {
  private let data: Dataset
  private let group: any ProcessGroup
  private let model: Module
  private let parallel: DataParallel
  private let profiler: StepProfiler
  private let batchSize: Int

  private static let warmUpSteps = 3
  private static let fewestSteps = 5

  /// Prepares the steps; every rank of the group makes one.
  init(_ configuration: Configuration, _ data: Dataset, _ group: any ProcessGroup) throws {
    self.data = data
    self.group = group
    model = try configuration.makeModel(for: data)
    parallel = try DataParallel(
      model: model, optimizer: configuration.optimizerConfiguration, group: group,
      options: configuration.dataParallelOptions)
    profiler = StepProfiler(parallel)
    batchSize = configuration.train.batchSize
  }

  /// What the rank does in a step, measured over at least the given time.
  func outcome(atLeast seconds: Double) throws -> StepProfiler.Outcome {
    var loading = 0.0
    var count = 0
    func step() throws {
      let begin = RunRecorder.now
      let parts = parallel.shards.map { shard in
        let samples = parallel.plan.samples(of: shard, in: batchSize)
        return data.gather(samples.map { Int32(($0 + count * batchSize) % data.count) })
      }
      loading += RunRecorder.now - begin
      count += 1
      try profiler.step(sampleCount: batchSize) { shard in
        let (features, targets) = parts[shard - parallel.shards.lowerBound]
        return data.loss(model(Tensor(features)), Tensor(targets))
      }
    }
    for _ in 0..<Self.warmUpSteps { try step() }
    profiler.reset()
    (loading, count) = (0, 0)
    // All ranks take as many steps, so that none measures alone.
    let begin = RunRecorder.now
    while true {
      try step()
      var isEnough: Int64 =
        count >= Self.fewestSteps && RunRecorder.now - begin > seconds ? 1 : 0
      try withUnsafeMutableBytes(of: &isEnough) { try group.allReduce($0, .int64, .max) }
      if isEnough != 0 { break }
    }
    return profiler.outcome(loaderSeconds: loading / Double(count))
  }
}
