import Sounder

/// Compares predicted and measured steps on this machine, with the two measured in turn.
struct SimulationCheck {
  let configuration: Configuration
  let data: DatasetSplits

  private static let ranks = [1, 2, 4]
  /// Rounds, of which the median ratio counts: other work on the machine disturbs single ones.
  private static let rounds = 5
  private static let secondsPerRun = 1.0

  /// Prints the table of errors.
  func run(json: Bool) throws {
    if !json { print("       ranks   predicted ms    measured ms          error") }
    for ranks in Self.ranks {
      let job = try SimulationJob(configuration, data, hosts: 1, ranksPerHost: ranks)
      var pairs: [(predicted: Double, measured: Double)] = []
      for _ in 0..<Self.rounds {
        let calibration = try job.calibrate()
        let link = LinkSpeed(bandwidth: .infinity, latency: 0)
        let step = job.simulate(calibration, hosts: 1, link: link)
        let measured = try job.measureSteps(seconds: Self.secondsPerRun)
        pairs.append((step.outcome.stepSeconds, measured))
      }
      pairs.sort { $0.predicted / $0.measured < $1.predicted / $1.measured }
      let (predicted, measured) = pairs[pairs.count / 2]
      if json {
        print(
          JSONValue.object([
            "ranks": .integer(ranks), "predicted_seconds": .number(predicted),
            "measured_seconds": .number(measured), "error": .number(predicted / measured - 1),
          ]).compact)
      } else {
        let cells = [
          "\(ranks)", (predicted * 1e3).formatted(3), (measured * 1e3).formatted(3),
          "\(((predicted / measured - 1) * 100).formatted(1)) %",
        ]
        print(
          zip(cells, [12, 15, 15, 15]).map { cell, width in
            String(repeating: " ", count: max(width - cell.count, 1)) + cell
          }.joined())
      }
    }
  }
}
