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
    guard configuration.parallel.syncEvery == 1 else {
      throw ParallelError(
        "simulate: parallel.sync_every is \(configuration.parallel.syncEvery), but only steps in which all "
          + "ranks share their gradients can be simulated; set it to 1")
    }
    guard configuration.parallel.reduction == .mean else {
      throw ParallelError(
        "simulate: parallel.reduction is \(configuration.parallel.reduction.rawValue), whose rounds after the "
          + "backward pass cannot be simulated; set it to mean")
    }
    guard configuration.parallel.compression != .powersgd else {
      throw ParallelError(
        "simulate: parallel.compression is powersgd, in which one rank of each host works for the others; "
          + "choose none, bf16, fp16, int8 or topk")
    }
    let ranks = hosts * ranksPerHost
    let options = configuration.dataParallelOptions
    let shards = options.shardCount(ranks: ranks)
    _ = try ShardPlan(shards: shards, ranks: ranks)
    let samples = configuration.train.samplesPerStep
    guard samples >= shards else {
      throw ParallelError(
        "simulate: train.batch_size is \(configuration.train.batchSize), too few samples for "
          + "\(shards / options.accumulate) shards on \(ranks) ranks; raise it, or simulate fewer hosts "
          + "and read the curve")
    }
    self.configuration = configuration
    self.data = data
    self.ranksPerHost = ranksPerHost
    self.cores = cores ?? ProcessInfo.processInfo.activeProcessorCount
    share = ((samples + shards - 1) / shards, (shards + ranks - 1) / ranks)
  }

  /// Samples of a rank in each step.
  public var samplesPerRank: Int { share.samples * share.shards }

  /// Measures steps and speeds here: as many ranks at once as there are and cores allow.
  ///
  /// Takes two or three seconds, and the memory of those ranks.
  /// - Throws: what the model throws; ``CommunicationError``.
  public func calibrate() throws -> HostCalibration { try calibrate(seconds: Self.seconds) }

  func calibrate(seconds: Double) throws -> HostCalibration {
    let localCores = ProcessInfo.processInfo.activeProcessorCount
    let threads = max(min(ranksPerHost, cores, localCores), 1)
    let job = job(ranks: threads)
    let outcomes = try ThreadGroup.run(ranks: threads) { group in
      try StepCalibration(job, data.train, group).outcome(atLeast: seconds)
    }
    let slowest = outcomes.max { $0.profile.computeSeconds < $1.profile.computeSeconds }
    guard let slowest else { throw ParallelError("simulate: no rank measured anything") }
    var host = try HostSpeed.measure(
      ranks: threads, cores: cores, elementCount: slowest.profile.elementCount)
    // What a slice costs beside adding gradients up is its update, with the caches as they are in a step.
    host.updateSeconds = max(slowest.sliceSeconds - host.sumSeconds(of: threads), 0)
    host.finishSeconds = slowest.finishSeconds
    let wire = WireModel.measure(
      configuration.dataParallelOptions.compression,
      elementCount: slowest.profile.elementCount)
    return HostCalibration(profile: slowest.profile, host: host, wire: wire)
  }

  /// The job of so many ranks of one host, each with the samples and shards it has on the cluster.
  private func job(ranks: Int) -> Configuration {
    var job = configuration
    job.train.batchSize = samplesPerRank * ranks
    job.train.accumulate = 1
    job.parallel.virtualShards = share.shards * ranks
    return job
  }

  /// The prediction for a number of hosts.
  public func simulate(_ calibration: HostCalibration, hosts: Int, link: LinkSpeed) -> ClusterStep {
    let cluster = ClusterModel(
      hosts: hosts, ranksPerHost: ranksPerHost, update: configuration.parallel.update,
      shardState: configuration.parallel.shardState, wire: calibration.wire,
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
    let job = job(ranks: ranks)
    let plan = try JobPlan(job, data)
    let times = try ThreadGroup.run(ranks: ranks) { group in
      try StepTimer(job, plan, data.train, group).seconds(atLeast: seconds)
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
