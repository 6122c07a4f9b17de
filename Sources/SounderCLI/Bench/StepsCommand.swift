import ArgumentParser
import Sounder

/// `sounder bench steps`: whole training steps, forward to update.
struct StepsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "steps",
    abstract:
      "Training steps of the reference networks: float32, SGD with momentum, AdamW for gpt.",
    discussion:
      "Every rank brings a batch of its own, so two ranks process twice the samples a step.")

  @OptionGroup var options: BenchOptions

  @Option(
    name: .customLong("case"),
    help: "The network: mlp_small, mlp_large, cnn, gpt or mlp_100m; all but the last if not given.")
  var selected: ReferenceCase?

  @Option(help: "Where parameters live: sharded or replicated.")
  var update: DataParallel.Update = .sharded

  @Option(help: "Parts into which the batch of all ranks is cut; one per rank if not given.")
  var virtualShards: Int?

  @Option(help: "Size of a gradient bucket in bytes.")
  var bucketBytes = SharedMemoryTuning.standard.bucketBytes

  struct Record: BenchRecord {
    let `case`: String
    let ranks: Int
    let ms_per_step: Double
    let samples_per_second: Double
    let update: String
    let blas_kernel: String

    var line: String {
      "\(`case`), \(ranks) ranks, \(update): \(ms_per_step.formatted(3)) ms a step, "
        + "\(samples_per_second.formatted(0)) samples/s"
    }
  }

  func validate() throws {
    if let virtualShards, !(1...4096).contains(virtualShards) {
      throw ValidationError("--virtual-shards must be from 1 to 4096")
    }
    guard (1024...1 << 32).contains(bucketBytes) else {
      throw ValidationError("--bucket-bytes must be from 1024 to 4294967296")
    }
  }

  func run() throws {
    let cases = selected.map { [$0] } ?? ReferenceCase.allCases.filter { $0 != .mlp100M }
    let seconds = options.seconds
    var parallel = DataParallel.Options()
    parallel.update = update
    parallel.virtualShards = virtualShards
    parallel.bucketBytes = bucketBytes
    try options.measure { [parallel] group in
      try cases.map { try Self.measure($0, group, seconds: seconds, parallel) }
    }
  }

  private static func measure(
    _ network: ReferenceCase, _ group: any ProcessGroup, seconds: Double,
    _ options: DataParallel.Options
  ) throws -> Record {
    let model = network.makeModel()
    let parallel = try DataParallel(
      model: model, optimizer: network.optimizer, group: group,
      options: options)
    let (inputs, targets) = network.makeBatch(rank: group.rank)
    let samples = network.batch * group.size
    // The rank's batch, cut into its shards; gpt has several targets a sample.
    let perSample = targets.count / network.batch
    let first = parallel.plan.samples(of: parallel.shards.lowerBound, in: samples).lowerBound
    let parts = parallel.shards.map { shard -> (inputs: Tensor, targets: Tensor) in
      let range = parallel.plan.samples(of: shard, in: samples)
      let (begin, end) = (range.lowerBound - first, range.upperBound - first)
      return (inputs[begin..<end], targets[begin * perSample..<end * perSample])
    }
    func step() throws {
      _ = try parallel.step(learningRate: network.optimizer.learningRate, sampleCount: samples) {
        shard in
        let part = parts[shard - parallel.shards.lowerBound]
        return network.loss(model, part.inputs, part.targets)
      }
    }
    let warmUp = Stopwatch()
    var count = 0
    while count < 50, count < 5 || warmUp.seconds < 1 {
      try step()
      count += 1
    }
    // All ranks must take the same number of steps: the smallest count decides.
    var steps = [Int64(max(20, seconds * Double(count) / max(warmUp.seconds, 1e-9)))]
    try steps.withUnsafeMutableBytes { try group.allReduce($0, .int64, .min) }
    try group.barrier()
    let watch = Stopwatch()
    for _ in 0..<steps[0] { try step() }
    try group.barrier()
    let perStep = watch.seconds / Double(steps[0])
    return Record(
      case: network.rawValue, ranks: group.size, ms_per_step: perStep * 1e3,
      samples_per_second: Double(samples) / perStep, update: options.update.rawValue,
      blas_kernel: BLAS.kernelName)
  }
}

extension DataParallel.Update: ExpressibleByArgument {}

extension Double {
  /// The number with a fixed number of decimals.
  func formatted(_ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (self * scale).rounded() / scale
    return decimals == 0 ? "\(Int(rounded))" : "\(rounded)"
  }
}
