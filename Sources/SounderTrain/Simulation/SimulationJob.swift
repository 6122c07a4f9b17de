import Foundation
import SounderAutograd
import SounderComm
import SounderNN
import SounderParallel

/// Predicts the steps of a job on clusters of any size, from measurements on this machine.
///
/// Every rank keeps the samples it has with the configuration's batch on the given cluster, so the batch grows
/// with the hosts; what is measured is a step of that many samples, when each bucket is ready in it, and how
/// fast this machine adds, updates and synchronises.
public struct SimulationJob: Sendable {
  private let configuration: Configuration
  private let data: DatasetSplits
  private let ranksPerHost: Int
  private let cores: Int
  /// Samples of one shard and shards of one rank.
  private let share: (samples: Int, shards: Int)

  /// How long each calibration measures.
  private static let seconds = 1.0
  private static let fewestSteps = 5

  /// A job on hosts with `ranksPerHost` ranks, whose batch is the configuration's on `hosts` of them.
  ///
  /// - Parameter cores: the cores of a host that ranks may use; nil takes those of this machine.
  /// - Throws: ``ParallelError`` when the batch cannot be cut like that.
  public init(
    _ configuration: Configuration, _ data: DatasetSplits, hosts: Int, ranksPerHost: Int,
    cores: Int? = nil
  ) throws {
    guard configuration.parallel.mode == .sync else {
      throw ParallelError(
        "simulate: parallel.mode is hogwild, whose workers do not wait for each other; only sync "
          + "steps can be simulated")
    }
    let ranks = hosts * ranksPerHost
    let shards = configuration.parallel.virtualShards ?? ranks
    _ = try ShardPlan(shards: shards, ranks: ranks)
    guard configuration.train.batchSize >= shards else {
      throw ParallelError(
        "simulate: train.batch_size is \(configuration.train.batchSize), too few samples for "
          + "\(shards) shards on \(ranks) ranks; raise it, or simulate fewer hosts and read the curve"
      )
    }
    self.configuration = configuration
    self.data = data
    self.ranksPerHost = ranksPerHost
    self.cores = cores ?? ProcessInfo.processInfo.activeProcessorCount
    let own = (shards + ranks - 1) / ranks
    share = ((configuration.train.batchSize + shards - 1) / shards, own)
  }

  /// Samples of a rank in each step.
  public var samplesPerRank: Int { share.samples * share.shards }

  /// What this machine was found to do.
  public struct Calibration: Sendable {
    /// A rank's step.
    public let profile: StepProfile
    /// A host.
    public let host: HostSpeed
  }

  /// Measures steps and speeds here: as many ranks at once as there are and cores allow.
  ///
  /// Takes two or three seconds, and the memory of those ranks.
  /// - Throws: what the model throws; ``CommunicationError``.
  public func calibrate() throws -> Calibration {
    let localCores = ProcessInfo.processInfo.activeProcessorCount
    let threads = max(min(ranksPerHost, cores, localCores), 1)
    let profiles = try ThreadGroup.run(ranks: threads) { group in try profile(group) }
    let slowest = profiles.max { $0.computeSeconds < $1.computeSeconds } ?? profiles[0]
    let host = try HostSpeed.measure(
      ranks: threads, cores: cores, elementCount: slowest.elementCount,
      optimizer: configuration.optimizerConfiguration)
    return Calibration(profile: slowest.repeated(share.shards), host: host)
  }

  /// The steps of one shard on one of several ranks that work at the same time.
  private func profile(_ group: ThreadGroup) throws -> StepProfile {
    let model = try configuration.makeModel(for: data.train)
    let profiler = StepProfiler(
      model, sizes: configuration.dataParallelOptions.effectiveBucketSizes)
    var loading = 0.0
    var count = 0
    func step() throws {
      let first = (group.rank + count) * share.samples % max(data.train.count - share.samples, 1)
      let begin = RunRecorder.now
      let samples = (0..<share.samples).map { Int32((first + $0) % data.train.count) }
      let (features, targets) = data.train.gather(samples)
      loading += RunRecorder.now - begin
      count += 1
      try profiler.step { data.train.loss(model(Tensor(features)), Tensor(targets)) }
    }
    for _ in 0..<2 { try step() }
    profiler.reset()
    (loading, count) = (0, 0)
    // All ranks take as many steps, so that none measures alone.
    let begin = RunRecorder.now
    while true {
      try step()
      var isEnough: Int64 =
        count >= Self.fewestSteps && RunRecorder.now - begin > Self.seconds ? 1 : 0
      try withUnsafeMutableBytes(of: &isEnough) { try group.allReduce($0, .int64, .max) }
      if isEnough != 0 { break }
    }
    return profiler.profile(loaderSeconds: loading / Double(count))
  }

  /// The prediction for a number of hosts.
  public func simulate(_ calibration: Calibration, hosts: Int, link: LinkSpeed) -> ClusterStep {
    let cluster = ClusterModel(
      hosts: hosts, ranksPerHost: ranksPerHost, update: configuration.parallel.update,
      host: calibration.host, link: link)
    return ClusterStep(
      hosts: hosts, ranks: cluster.ranks, samples: samplesPerRank * cluster.ranks,
      outcome: StepSimulation(calibration.profile, on: cluster).run())
  }

  /// Seconds of a real step of this job, its ranks being threads of this process.
  ///
  /// - Parameter seconds: how long to measure.
  /// - Throws: what training throws.
  public func measureSteps(seconds: Double) throws -> Double {
    let ranks = ranksPerHost
    var job = configuration
    job.train.batchSize = samplesPerRank * ranks
    job.parallel.virtualShards = share.shards * ranks
    let configuration = job
    let plan = try JobPlan(configuration, data)
    let times = try ThreadGroup.run(ranks: ranks) { group in
      try StepTimer(configuration, plan, data.train, group).seconds(atLeast: seconds)
    }
    return times.max() ?? 0
  }
}

/// A step on a cluster, as predicted.
public struct ClusterStep: Sendable {
  /// The number of hosts.
  public let hosts: Int
  /// The number of ranks.
  public let ranks: Int
  /// The samples of a step over all ranks.
  public let samples: Int
  /// What the simulation found.
  public let outcome: StepSimulation.Outcome

  /// Samples a second over all ranks.
  public var samplesPerSecond: Double { Double(samples) / max(outcome.stepSeconds, 1e-12) }
  /// Whether ranks wait longer than they compute.
  public var isCommunicationBound: Bool { outcome.exposedSeconds > outcome.computeSeconds }

  /// The step as a member of JSON output.
  public var json: JSONObject {
    [
      "hosts": .integer(hosts), "ranks": .integer(ranks), "samples": .integer(samples),
      "step_seconds": .number(outcome.stepSeconds),
      "samples_per_second": .number(samplesPerSecond),
      "compute_seconds": .number(outcome.computeSeconds),
      "reduction_seconds": .number(outcome.reductionSeconds),
      "link_seconds": .number(outcome.linkSeconds),
      "hidden_seconds": .number(outcome.hiddenSeconds),
      "exposed_seconds": .number(outcome.exposedSeconds),
    ]
  }
}
