import ArgumentParser
import Sounder

/// `sounder bench hogwild`: updates a second of lock-free workers.
struct HogwildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hogwild",
    abstract: "Updates a second of workers that share parameters without locks.",
    discussion: "Workers are threads of each rank; under mpirun there are that many on every rank.")

  @OptionGroup var options: BenchOptions

  @Option(name: .customLong("case"), help: "The network: mlp_small, mlp_large, cnn or gpt.")
  var selected: ReferenceCase = .mlpSmall

  @Option(help: "Worker threads a rank; by default 1 and 2 in one process, 1 under mpirun.")
  var workers: Int?

  struct Record: BenchRecord {
    let workers: Int
    let kind: String
    let `case`: String
    let updates_per_second: Double
    let staleness_p50: Int
    let staleness_max: Int
    let blas_kernel: String

    var line: String {
      "\(`case`), \(workers) workers (\(kind)): \(updates_per_second.formatted(0)) updates/s, "
        + "staleness p50 \(staleness_p50), max \(staleness_max)"
    }
  }

  func validate() throws {
    if let workers, !(1...256).contains(workers) {
      throw ValidationError("--workers must be from 1 to 256")
    }
  }

  func run() throws {
    let (seconds, network, chosen) = (options.seconds, selected, workers)
    try options.measure { group in
      let counts = chosen.map { [$0] } ?? (group.size > 1 ? [1] : [1, 2])
      return try counts.map { try Self.measure(network, group, workers: $0, seconds: seconds) }
    }
  }

  private static func measure(
    _ network: ReferenceCase, _ group: any ProcessGroup, workers: Int, seconds: Double
  ) throws -> Record {
    var options = Hogwild.Options()
    options.workersPerRank = workers
    let hogwild = try Hogwild(group: group, optimizer: .sgd(learningRate: 0.01), options: options) {
      network.makeModel()
    }
    let batches = (0..<workers).map { network.makeBatch(rank: group.rank * workers + $0) }
    func run(_ tickets: Range<Int>) throws -> Hogwild.Report {
      try hogwild.run(tickets: tickets, learningRate: { _ in 0.01 }) { model, ticket in
        let batch = batches[ticket % batches.count]
        return network.loss(model, batch.inputs, batch.targets)
      }
    }
    let warmUp = Stopwatch()
    _ = try run(0..<200)
    var count = [Int64(max(200, seconds * 200 / max(warmUp.seconds, 1e-9)))]
    try count.withUnsafeMutableBytes { try group.allReduce($0, .int64, .min) }
    let watch = Stopwatch()
    let report = try run(0..<Int(count[0]))
    let elapsed = watch.seconds
    return Record(
      workers: hogwild.workerCount, kind: group.size > 1 ? "ranks" : "threads",
      case: network.rawValue, updates_per_second: Double(report.updates) / elapsed,
      staleness_p50: report.staleness.quantile(0.5), staleness_max: report.staleness.maximum,
      blas_kernel: BLAS.kernelName)
  }
}
