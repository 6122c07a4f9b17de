import Sounder

/// Steps of a reference network that can be timed.
struct ReferenceSteps {
  let network: ReferenceCase
  let model: Module
  let parallel: DataParallel
  /// The rank's batch, cut into its shards.
  let parts: [(inputs: Tensor, targets: Tensor)]

  init(
    _ network: ReferenceCase, _ group: any ProcessGroup, batch: Int,
    _ options: DataParallel.Options
  ) throws {
    self.network = network
    model = network.makeModel()
    parallel = try DataParallel(
      model: model, optimizer: network.optimizer, group: group, options: options)
    let (inputs, targets) = network.makeBatch(rank: batch)
    // gpt has several targets a sample.
    let perSample = targets.count / network.batch
    let (plan, samples) = (parallel.plan, network.batch * group.size)
    let first = plan.samples(of: parallel.shards.lowerBound, in: samples).lowerBound
    parts = parallel.shards.map { shard in
      let range = plan.samples(of: shard, in: samples)
      let (begin, end) = (range.lowerBound - first, range.upperBound - first)
      return (inputs[begin..<end], targets[begin * perSample..<end * perSample])
    }
  }

  var parameterBytes: Int { model.parameters.reduce(0) { $0 + $1.count * $1.dtype.byteSize } }

  /// Takes a step, without samples if it is empty.
  ///
  /// - Returns: seconds of the forward passes.
  @discardableResult
  func step(isEmpty: Bool = false) throws -> Double {
    var forward = 0.0
    let samples = isEmpty ? 0 : network.batch * parallel.group.size
    _ = try parallel.step(
      learningRate: network.optimizer.learningRate, sampleCount: samples
    ) { shard in
      let part = parts[shard - parallel.shards.lowerBound]
      let watch = Stopwatch()
      defer { forward += watch.seconds }
      return network.loss(model, part.inputs, part.targets)
    }
    return forward
  }

  /// Seconds of a step, over about `seconds` after a warm-up.
  func time(
    seconds: Double, pacedBy group: any ProcessGroup, isEmpty: Bool = false
  ) throws -> Double {
    let warmUp = Stopwatch()
    var count = 0
    // All ranks must leave the warm-up after the same step.
    while try group.any(count < 5 || count < 50 && warmUp.seconds < 1) {
      try step(isEmpty: isEmpty)
      count += 1
    }
    // All ranks must take the same number of steps: the smallest count decides.
    var steps = [Int64(max(20, seconds * Double(count) / max(warmUp.seconds, 1e-9)))]
    try steps.withUnsafeMutableBytes { try group.allReduce($0, .int64, .min) }
    try group.barrier()
    let watch = Stopwatch()
    for _ in 0..<steps[0] { try step(isEmpty: isEmpty) }
    try group.barrier()
    return watch.seconds / Double(steps[0])
  }
}

extension ProcessGroup {
  /// Whether a condition holds on any rank.
  fileprivate func any(_ condition: Bool) throws -> Bool {
    var word: Int64 = condition ? 1 : 0
    try withUnsafeMutableBytes(of: &word) { try allReduce($0, .int64, .max) }
    return word != 0
  }
}
