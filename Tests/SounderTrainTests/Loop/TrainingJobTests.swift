import Foundation
import SounderComm
import SounderParallel
import Testing

@testable import SounderTrain

@Suite("Training jobs")
struct TrainingJobTests {
  private static let base = """
    data: {kind: digits, train_count: 190, test_count: 40}
    model: {hidden: [16], dropout: 0.1, layer_norm: true}
    train: {epochs: 3, batch_size: 32, log_every: 4}
    optimizer: {lr: 0.05, momentum: 0.9}
    """

  private static func job(
    _ directory: String, overrides: String...
  ) throws -> (TrainingJob, RunDirectory) {
    let resolved = try ConfigurationReader.read(yaml: base, overrides: overrides)
    let job = TrainingJob(
      configuration: resolved, data: try DatasetSplits.load(resolved.configuration),
      runDirectory: directory, style: .json)
    return (job, RunDirectory(path: directory))
  }

  private static func summary(_ directory: RunDirectory) throws -> JSONValue {
    try JSONValue(parsing: Data(contentsOf: URL(fileURLWithPath: directory.summary)))
  }

  @Test(
    "The number of ranks does not change a bit of the model", arguments: ["sharded", "replicated"])
  func exact(_ update: String) throws {
    let scratch = try TemporaryDirectory()
    var models: [Data] = []
    for ranks in [1, 2, 4] {
      let (job, directory) = try Self.job(
        "\(scratch.path)/\(ranks)", overrides: "parallel.virtual_shards=4",
        "parallel.update=\(update)")
      let codes = try ThreadGroup.run(ranks: ranks) { try job.run($0) }
      #expect(codes == Array(repeating: .success, count: ranks))
      models.append(try Data(contentsOf: URL(fileURLWithPath: directory.model)))
      let summary = try Self.summary(directory)
      #expect(summary["steps"]?.integer == 18)
      #expect(summary["samples"]?.integer == 570)
      #expect(summary["ranks"]?.integer == ranks)
      for key in ["final_loss", "test_accuracy", "samples_per_second", "wall_seconds"] {
        #expect(summary[key]?.number != nil, "\(key)")
      }
    }
    #expect(models[0] == models[1])
    #expect(models[0] == models[2])
  }

  @Test("DP-13: accumulating over k batches leaves the model of one batch of k times the size")
  func accumulate() throws {
    let scratch = try TemporaryDirectory()
    var models: [Data] = []
    for (ranks, accumulate, batch) in [(4, 1, 32), (2, 2, 16), (1, 4, 8)] {
      let (job, directory) = try Self.job(
        "\(scratch.path)/\(ranks)", overrides: "train.accumulate=\(accumulate)",
        "train.batch_size=\(batch)")
      let codes = try ThreadGroup.run(ranks: ranks) { try job.run($0) }
      #expect(codes == Array(repeating: .success, count: ranks))
      #expect(try Self.summary(directory)["steps"]?.integer == 18)
      models.append(try Data(contentsOf: URL(fileURLWithPath: directory.model)))
    }
    #expect(models[0] == models[1])
    #expect(models[0] == models[2])
  }

  @Test("A finished run can be judged again, with the same result")
  func evaluate() throws {
    let scratch = try TemporaryDirectory()
    let (job, directory) = try Self.job("\(scratch.path)/run")
    #expect(try job.run(SingleProcessGroup()) == .success)
    let configuration = try ConfigurationReader.read(file: directory.configuration).configuration
    let evaluation = try EvaluationJob(configuration: configuration, directory: directory).run()
    let summary = try Self.summary(directory)
    #expect(evaluation.accuracy == summary["test_accuracy"]?.number)
    #expect(evaluation.loss == summary["test_loss"]?.number)
    var other = configuration
    other.model.hidden = [8]
    let error = #expect(throws: DataError.self) {
      try EvaluationJob(configuration: other, directory: directory).run()
    }
    #expect(try #require(error).exitCode == .dataError)
  }

  @Test("Hogwild trains on threads of one rank and on several ranks, and reports staleness")
  func hogwildThreads() throws {
    let scratch = try TemporaryDirectory()
    for (ranks, workers) in [(1, 2), (2, 1)] {
      let (job, directory) = try Self.job(
        "\(scratch.path)/\(ranks)", overrides: "parallel.mode=hogwild",
        "parallel.workers=\(workers)")
      _ = try ThreadGroup.run(ranks: ranks) { try job.run($0) }
      let summary = try Self.summary(directory)
      #expect(summary["updates"]?.integer == 18)
      let histogram = try #require(summary["staleness"]?["histogram"]?.array)
      #expect(histogram.compactMap(\.integer).reduce(0, +) == 18)
    }
  }

  @Test("A loss that is no number ends the job on all ranks", arguments: [1, 2])
  func diverged(_ ranks: Int) throws {
    let scratch = try TemporaryDirectory()
    let (job, _) = try Self.job(
      "\(scratch.path)/run", overrides: "optimizer.lr=1e30", "model.layer_norm=false")
    let error = #expect(throws: RankError.self) {
      _ = try ThreadGroup.run(ranks: ranks) { try job.run($0) }
    }
    let cause = try #require(error).underlying as? NonFiniteError
    #expect(cause?.description.contains("train.clip_norm") == true)
  }

  @Test("FI-11: skipped steps are counted in metrics and summary", arguments: [1, 2])
  func skipped(_ ranks: Int) throws {
    let scratch = try TemporaryDirectory()
    let (job, directory) = try Self.job(
      "\(scratch.path)/run", overrides: "optimizer.lr=1e30", "model.layer_norm=false",
      "train.on_nan=skip")
    _ = try ThreadGroup.run(ranks: ranks) { try job.run($0) }
    let skipped = try #require(try Self.summary(directory)["skipped_steps"]?.integer)
    #expect(skipped > 10 && skipped < 18)
    let metrics = try String(contentsOfFile: directory.metrics, encoding: .utf8)
    let lines = try metrics.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    let events = lines.filter { $0["event"]?.string == "skipped" }
    #expect(events.count == skipped)
    #expect(events.allSatisfy { $0["reason"]?.string?.contains(" on rank ") == true })
  }

  @Test("max_steps ends the job early, in the middle of an epoch")
  func maxSteps() throws {
    let scratch = try TemporaryDirectory()
    let (job, directory) = try Self.job("\(scratch.path)/run", overrides: "train.max_steps=8")
    _ = try job.run(SingleProcessGroup())
    #expect(try Self.summary(directory)["steps"]?.integer == 8)
    let metrics = try String(contentsOfFile: directory.metrics, encoding: .utf8)
    let lines = try metrics.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(lines.map { $0["event"]?.string } == ["step", "evaluation", "step", "evaluation"])
  }
}
