import ArgumentParser
import Sounder

/// `sounder bench steps`: whole training steps, forward to update.
struct StepsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "steps",
    abstract:
      "Training steps of the reference networks: float32, SGD with momentum, AdamW for gpt.",
    discussion:
      "Every rank brings a batch of its own, so two ranks process twice the samples a step. Over several "
      + "hosts it also times the same step without other ranks, and one that only exchanges.")

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

  @Option(help: "Where optimiser state lives: host or all.")
  var shardState: DataParallel.ShardState = .host

  struct Record: BenchRecord {
    let `case`: String
    let ranks: Int
    let ms_per_step: Double
    let samples_per_second: Double
    let update: String
    let blas_kernel: String
    let hosts: Int
    /// Several hosts only: the step without other ranks, and the bytes of the parameters.
    let compute_ms: Double?
    let parameter_bytes: Int?
    /// Several hosts only: a step without samples, in which everything is exchanged and nothing computed.
    let exchange_ms: Double?

    var line: String {
      let overHosts =
        if let compute_ms, let exchange_ms {
          " (computing alone \(compute_ms.formatted(3)), exchanging alone \(exchange_ms.formatted(3)))"
        } else { "" }
      return
        "\(`case`), \(ranks) ranks, \(update): \(ms_per_step.formatted(3)) ms a step\(overHosts), "
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
    parallel.shardState = shardState
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
    let isOverHosts = group.topology.hostCount > 1
    var alone: Double?
    if isOverHosts {
      let single = try ReferenceSteps(network, SingleProcessGroup(), batch: group.rank, options)
      alone = try single.time(seconds: seconds, pacedBy: group)
    }
    let steps = try ReferenceSteps(network, group, batch: group.rank, options)
    let perStep = try steps.time(seconds: seconds, pacedBy: group)
    let exchange =
      isOverHosts ? try steps.time(seconds: seconds, pacedBy: group, isEmpty: true) : nil
    return Record(
      case: network.rawValue, ranks: group.size, ms_per_step: perStep * 1e3,
      samples_per_second: Double(network.batch * group.size) / perStep,
      update: options.update.rawValue, blas_kernel: BLAS.kernelName,
      hosts: group.topology.hostCount, compute_ms: alone.map { $0 * 1e3 },
      parameter_bytes: isOverHosts ? steps.parameterBytes : nil,
      exchange_ms: exchange.map { $0 * 1e3 })
  }
}

extension DataParallel.Update: ExpressibleByArgument {}
extension DataParallel.ShardState: ExpressibleByArgument {}

extension Double {
  /// The number with a fixed number of decimals.
  func formatted(_ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (self * scale).rounded() / scale
    return decimals == 0 ? "\(Int(rounded))" : "\(rounded)"
  }
}
