import Sounder

/// What `sounder simulate` prints: the measured speeds and the curve over hosts.
struct SimulationReport {
  let job: SimulationJob
  let calibration: HostCalibration
  let link: LinkSpeed
  let hosts: Int
  let steps: [ClusterStep]

  /// The first number of hosts on which ranks wait longer than they compute.
  private var bound: ClusterStep? { steps.first(where: \.isCommunicationBound) }

  var json: JSONObject {
    let asked = steps.first { $0.hosts == hosts }
    return [
      "prediction": asked.map { .object($0.json) } ?? .null,
      "curve": .array(steps.map { .object($0.json) }),
      "communication_bound_from_hosts": bound.map { .integer($0.hosts) } ?? .null,
      "samples_per_rank": .integer(job.samplesPerRank),
      "link": [
        "bytes_per_second": .number(link.bandwidth), "latency_seconds": .number(link.latency),
      ],
      "calibration": [
        "compute_seconds": .number(calibration.profile.computeSeconds),
        "loader_seconds": .number(calibration.profile.loaderSeconds),
        "buckets": .integer(calibration.profile.bucketElements.count),
        "parameters": .integer(calibration.profile.elementCount),
        "sum_seconds_per_element": .number(calibration.host.sumSeconds),
        "copy_seconds_per_element": .number(calibration.host.copySeconds),
        "update_seconds_per_element": .number(calibration.host.updateSeconds),
        "late_update_seconds_per_element": .number(calibration.host.finishSeconds),
        "tcp_core_seconds_per_byte": .number(
          link.coreSecondsPerByte ?? calibration.host.messageSeconds),
        "wire_bytes_per_element": .number(calibration.wire.bytesPerElement),
        "encode_seconds_per_element": .number(calibration.wire.encodeSeconds),
        "decode_seconds_per_element": .number(calibration.wire.decodeSeconds),
        "flag_seconds": .number(calibration.host.flagSeconds),
      ],
    ]
  }

  var description: String {
    let (profile, host) = (calibration.profile, calibration.host)
    var lines = [
      "measured    forward and backward \(milliseconds(profile.computeSeconds)) ms for "
        + "\(job.samplesPerRank) samples, \(profile.bucketElements.count) buckets",
      "            an element: adding \(nanoseconds(host.sumSeconds)), updating "
        + "\(nanoseconds(host.updateSeconds + host.finishSeconds)), copying "
        + "\(nanoseconds(host.copySeconds)) ns; flag \((host.flagSeconds * 1e6).formatted(1)) us; "
        + "\(host.cores) cores",
    ]
    let wire = calibration.wire
    if wire.isCoded {
      lines.append(
        "            compression to \(wire.bytesPerElement.formatted(2)) bytes an element: writing "
          + "\(nanoseconds(wire.encodeSeconds)), reading \(nanoseconds(wire.decodeSeconds)) ns")
    }
    let core = link.coreSecondsPerByte ?? host.messageSeconds
    lines += [
      "link        \((link.bandwidth * 8e-9).formatted(2)) Gbit/s, "
        + "\((link.latency * 1e6).formatted(0)) us one way, \(nanoseconds(core)) ns of a core to send or "
        + "receive a byte", "",
      row(["hosts", "ranks", "ms/step", "samples/s", "efficiency", "network", "hidden", "exposed"]),
    ]
    let first = steps[0]
    for step in steps {
      let outcome = step.outcome
      let efficiency = step.samplesPerSecond / Double(step.hosts) / first.samplesPerSecond
      lines.append(
        row(
          [
            "\(step.hosts)", "\(step.ranks)", milliseconds(outcome.stepSeconds),
            step.samplesPerSecond.formatted(0), "\((efficiency * 100).formatted(1)) %",
            milliseconds(outcome.linkSeconds), milliseconds(outcome.hiddenSeconds),
            milliseconds(outcome.exposedSeconds),
          ]) + (step.hosts == hosts ? "  <" : ""))
    }
    lines.append("")
    lines.append(
      bound.map { "From \($0.hosts) hosts on, ranks wait longer than they compute." }
        ?? "Computing dominates on any number of hosts up to \(steps.last?.hosts ?? 1).")
    return lines.joined(separator: "\n")
  }

  private func nanoseconds(_ seconds: Double) -> String { (seconds * 1e9).formatted(3) }

  private func milliseconds(_ seconds: Double) -> String { (seconds * 1e3).formatted(3) }

  private func row(_ cells: [String]) -> String {
    cells.map { String(repeating: " ", count: max(12 - $0.count, 1)) + $0 }.joined()
  }
}
