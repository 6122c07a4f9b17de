import Sounder

/// Measures, simulates and prints, on one machine or on the hosts that a launcher has started ranks on.
struct SimulationRun: Sendable {
  let configuration: Configuration
  let data: DatasetSplits
  /// Hosts and ranks of each; nil for one, or as many as there are ranks to measure with.
  let hosts: Int?
  let ranksPerHost: Int?
  let cores: Int?
  let json: Bool

  private static let mostHosts = 1024

  /// Predicts steps over a network of known speed from what this machine does.
  func run(over link: LinkSpeed) throws {
    let hosts = hosts ?? 1
    let job = try job(hosts: hosts, ranksPerHost: ranksPerHost ?? 1)
    report(job, try job.calibrate(), link, hosts: hosts)
  }

  /// Predicts steps from what the hosts of a group and the network between them do; every rank calls this.
  func run(between group: any ProcessGroup) throws {
    let found = try LinkProbe(group: group).run()
    let hosts = hosts ?? group.topology.hostCount
    let job = try job(
      hosts: hosts, ranksPerHost: ranksPerHost ?? group.topology.ranks(onHost: 0).count)
    let calibration = try job.calibrate(with: group)
    let link = LinkSpeed(
      bandwidth: found.bandwidth, latency: found.latency,
      coreSecondsPerByte: found.coreSecondsPerByte)
    if group.rank == 0 { report(job, calibration, link, hosts: hosts) }
  }

  private func job(hosts: Int, ranksPerHost: Int) throws -> SimulationJob {
    try SimulationJob(
      configuration, data, hosts: hosts, ranksPerHost: ranksPerHost, cores: cores)
  }

  private func report(
    _ job: SimulationJob, _ calibration: HostCalibration, _ link: LinkSpeed, hosts: Int
  ) {
    let doublings = (0...10).map { 1 << $0 }.filter { $0 <= Self.mostHosts }
    let steps = Set(doublings + [hosts]).sorted().map {
      job.simulate(calibration, hosts: $0, link: link)
    }
    let report = SimulationReport(
      job: job, calibration: calibration, link: link, hosts: hosts, steps: steps)
    print(json ? JSONValue.object(report.json).compact : report.description)
  }
}
