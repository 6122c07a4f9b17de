import SounderParallel
import Testing

@testable import SounderTrain

@Suite struct SimulationJobThreadTests {
  private static let base = """
    data: {kind: digits, train_count: 200, test_count: 10}
    model: {hidden: [16]}
    train: {batch_size: 48}
    """

  private static func job(
    _ overrides: [String], hosts: Int = 2, ranks: Int = 2
  ) throws -> SimulationJob {
    let configuration = try ConfigurationReader.read(yaml: base, overrides: overrides)
      .configuration
    return try SimulationJob(
      configuration, try DatasetSplits.load(configuration), hosts: hosts, ranksPerHost: ranks)
  }

  @Test(
    "A rank keeps the samples and shards it has with the configuration's batch",
    arguments: [
      ([], 12), (["train.accumulate=3"], 36), (["parallel.virtual_shards=8"], 12),
      (["parallel.virtual_shards=6", "train.accumulate=2"], 24),
    ])
  func share(overrides: [String], samples: Int) throws {
    #expect(try Self.job(overrides).samplesPerRank == samples)
  }

  @Test(
    "What cannot be simulated is refused by the name of its key",
    arguments: [
      (["parallel.mode=hogwild"], "parallel.mode is hogwild"),
      (["parallel.sync_every=4", "parallel.update=replicated"], "parallel.sync_every is 4"),
      (["parallel.reduction=adasum"], "parallel.reduction is adasum"),
      (["train.batch_size=3"], "train.batch_size is 3"),
      (["parallel.compression=powersgd"], "parallel.compression is powersgd"),
    ])
  func refuses(overrides: [String], message: String) {
    #expect {
      _ = try Self.job(overrides)
    } throws: { "\($0)".contains(message) }
  }

  @Test(
    "Accumulated passes are part of the measured step, and compression of the predicted bytes")
  func keys() throws {
    let job = try Self.job(["train.accumulate=2", "parallel.compression=fp16"], ranks: 1)
    let calibration = try job.calibrate(seconds: 0.01)
    #expect(calibration.wire.bytesPerElement == 2)
    #expect(calibration.profile.computeSeconds > 0)
    let link = LinkSpeed(bandwidth: 1e6, latency: 0)
    let step = job.simulate(calibration, hosts: 2, link: link)
    #expect(step.samples == 96)
    let parameters = calibration.profile.elementCount
    #expect(abs(step.outcome.linkSeconds / (Double(parameters) * 2 / 1e6) - 1) < 1e-9)
  }
}
