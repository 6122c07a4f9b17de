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

  @Option(
    help:
      "Hosts among which the configuration's batch is divided (1, or those the network is measured between)."
  )
  var hosts: Int?

  @Option(help: "Ranks on every host (1, or as many as the network is measured with).")
  var ranksPerHost: Int?

  @Option(help: "Cores of a host, where they are not those of this machine.")
  var cores: Int?

  @Option(
    help: ArgumentHelp(
      "The network: bandwidth=1Gbit,latency=5ms, or 1gbe, 10gbe, 25gbe, 100gbe, infiniband-hdr, or measured: "
        + "what ranks that mpirun has started on two or more hosts find out.",
      valueName: "speed"))
  var link = "10gbe"

  @Flag(help: "Compares predictions with measured steps of 1, 2 and 4 ranks here.")
  var check = false

  @Flag(help: "Writes one JSON line.")
  var json = false

  private static let most = 65_536

  func validate() throws {
    if let hosts, !(1...Self.most).contains(hosts) {
      throw ValidationError("--hosts must be from 1 to \(Self.most), not \(hosts).")
    }
    if let ranksPerHost, !(1...256).contains(ranksPerHost) {
      throw ValidationError("--ranks-per-host must be from 1 to 256, not \(ranksPerHost).")
    }
    if let cores, !(1...4096).contains(cores) {
      throw ValidationError("--cores must be from 1 to 4096, not \(cores).")
    }
    if check, link == Self.measured {
      throw ValidationError(
        "--check takes steps on this host only, without a network; leave --link out.")
    }
  }

  private static let measured = "measured"

  func run() throws {
    let resolved = try options.resolve()
    let data = try DatasetSplits.load(resolved.configuration)
    if check {
      return try SimulationCheck(configuration: resolved.configuration, data: data).run(json: json)
    }
    let prediction = SimulationRun(
      configuration: resolved.configuration, data: data, hosts: hosts, ranksPerHost: ranksPerHost,
      cores: cores, json: json)
    guard link == Self.measured else { return try prediction.run(over: LinkSpeed(text: link)) }
    let code = try Ranks.run(
      inProcess: nil, timeout: resolved.configuration.parallel.timeout, stallWarning: nil
    ) { group in
      try prediction.run(between: group)
      return .success
    }
    try Failure.finish(with: code)
  }
}
