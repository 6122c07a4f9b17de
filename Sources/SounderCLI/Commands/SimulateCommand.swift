import ArgumentParser
import Foundation
import Sounder

/// `sounder simulate`: predicts training steps on clusters.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Predicts step time and throughput of a job on clusters, up to 1,024 hosts.",
    discussion: """
      A few steps are measured here, then buckets, their reduction and the network are simulated. Every rank \
      keeps the samples it has with the configuration's batch on --hosts hosts, so the batch grows along the \
      curve. Calibrate on a machine like those of the cluster, and on a quiet one.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "Hosts among which the configuration's batch is divided.")
  var hosts = 1

  @Option(help: "Ranks on every host.")
  var ranksPerHost = 1

  @Option(help: "Cores of a host, where they are not those of this machine.")
  var cores: Int?

  @Option(
    help: ArgumentHelp(
      "The network: bandwidth=1Gbit,latency=5ms, or 1gbe, 10gbe, 25gbe, 100gbe, infiniband-hdr.",
      valueName: "speed"))
  var link = "10gbe"

  @Flag(help: "Compares predictions with measured steps of 1, 2 and 4 ranks here.")
  var check = false

  @Flag(help: "Writes one JSON line.")
  var json = false

  private static let mostHosts = 1024
  private static let most = 65_536

  func validate() throws {
    guard (1...Self.most).contains(hosts) else {
      throw ValidationError("--hosts must be from 1 to \(Self.most), not \(hosts).")
    }
    guard (1...256).contains(ranksPerHost) else {
      throw ValidationError("--ranks-per-host must be from 1 to 256, not \(ranksPerHost).")
    }
    if let cores, !(1...4096).contains(cores) {
      throw ValidationError("--cores must be from 1 to 4096, not \(cores).")
    }
  }

  func run() throws {
    let speed = try LinkSpeed(text: link)
    let resolved = try options.resolve()
    let data = try DatasetSplits.load(resolved.configuration)
    if check {
      return try SimulationCheck(configuration: resolved.configuration, data: data).run(json: json)
    }
    let job = try SimulationJob(
      resolved.configuration, data, hosts: hosts, ranksPerHost: ranksPerHost, cores: cores)
    let calibration = try job.calibrate()
    let doublings = (0...10).map { 1 << $0 }.filter { $0 <= Self.mostHosts }
    let steps = Set(doublings + [hosts]).sorted().map {
      job.simulate(calibration, hosts: $0, link: speed)
    }
    let report = SimulationReport(
      job: job, calibration: calibration, link: speed, hosts: hosts, steps: steps)
    print(json ? JSONValue.object(report.json).compact : report.description)
  }
}
