import Foundation
import SounderComm

/// Keeps the books of a run on one rank: losses, times, metrics and what people are told.
///
/// Only rank 0 has a metrics file and speaks; the others count along.
final class RunRecorder {
  private let plan: JobPlan
  private let configuration: Configuration
  private let reporter: ProgressReporter
  private let metrics: MetricsWriter?
  /// The trace that is being kept, if one was asked for.
  let trace: JobTrace?
  private let start = RunRecorder.now
  private var window = Window()
  private var epochLosses = (sum: 0.0, count: 0)
  private var paused = 0.0
  private(set) var samples = 0
  private(set) var steps = 0
  /// Steps that were left out because of losses or gradients that are no finite numbers.
  private(set) var skippedSteps = 0
  private var skippedInARow = 0
  /// After how many skipped steps in a row somebody should look.
  private static let tooManySkipped = 10

  /// What happened since the last line of metrics.
  private struct Window {
    var losses = (sum: 0.0, count: 0)
    var samples = 0
    var start = RunRecorder.now
  }

  init(
    configuration: Configuration, plan: JobPlan, reporter: ProgressReporter,
    metrics: MetricsWriter?, trace: JobTrace? = nil
  ) {
    self.configuration = configuration
    self.plan = plan
    self.reporter = reporter
    self.metrics = metrics
    self.trace = trace
  }

  /// Seconds since the system started.
  static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// Seconds since the run began.
  var wallSeconds: Double { Self.now - start }
  /// Seconds spent in steps.
  var trainingSeconds: Double { wallSeconds - paused }
  /// Samples per second over all ranks, in steps.
  var samplesPerSecond: Double { Double(samples) / max(trainingSeconds, 1e-9) }
  /// The mean loss of the steps of the last epoch; no number if all of them were skipped.
  var finalLoss: Double {
    epochLosses.count == 0 && skippedInARow > 0
      ? .nan : epochLosses.sum / Double(max(epochLosses.count, 1))
  }

  /// Begins an epoch.
  func begin() { epochLosses = (0, 0) }

  /// Notes that a step, counted from 1, is about to begin.
  func begin(step: Int) { trace?.enter(step: step) }

  /// Notes that the job has arrived at `step` steps and `samples` samples.
  ///
  /// - Throws: ``TrainingError`` if the loss is no number any more; ``FileError``.
  func record(step: Int, samples: Int, loss: Double, learningRate: Double) throws {
    guard loss.isFinite else { throw TrainingError.diverged(step: step, loss: loss) }
    skippedInARow = 0
    let isLogged = step / configuration.train.logEvery > steps / configuration.train.logEvery
    epochLosses = (epochLosses.sum + loss, epochLosses.count + 1)
    window.losses = (window.losses.sum + loss, window.losses.count + 1)
    steps = step
    self.samples = samples
    if isLogged {
      let state = state(learningRate)
      try metrics?.write(.object(state.json))
      reporter.step(state)
      window = Window()
      window.samples = samples
    } else {
      reporter.update(state(learningRate))
    }
  }

  /// Notes that the step at which the job has arrived has changed nothing, and why.
  ///
  /// - Throws: ``FileError``.
  func recordSkipped(step: Int, samples: Int, reason: String) throws {
    steps = step
    self.samples = samples
    skippedSteps += 1
    skippedInARow += 1
    let members: JSONObject = [
      "step": .integer(step), "reason": .string(reason), "skipped_steps": .integer(skippedSteps),
    ]
    try metrics?.write(
      .object(
        JSONObject([("event", .string("skipped"))] + members.members.map { ($0.name, $0.value) })))
    tell("skipped", "step \(step) is left out: \(reason)", members)
    if skippedInARow == Self.tooManySkipped {
      tell(
        "warning",
        "warning: \(skippedInARow) steps in a row were left out, the model no longer learns; lower "
          + "optimizer.lr or set train.clip_norm", ["step": .integer(step)])
    }
  }

  private func state(_ learningRate: Double) -> ProgressState {
    let elapsed = max(Self.now - window.start, 1e-9)
    return ProgressState(
      epoch: max(steps - 1, 0) / plan.stepsPerEpoch, epochCount: configuration.train.epochs,
      step: steps, stepCount: plan.stepCount,
      loss: window.losses.sum / Double(max(window.losses.count, 1)), learningRate: learningRate,
      samplesPerSecond: Double(samples - window.samples) / elapsed,
      secondsLeft: trainingSeconds / Double(max(steps, 1)) * Double(plan.stepCount - steps))
  }

  /// Ends an epoch whose steps other workers took too, with the mean loss of all of them.
  func end(step: Int, samples: Int, meanLoss: Double) {
    steps = step
    self.samples = samples
    epochLosses = (meanLoss, 1)
  }

  /// Runs something that is not training: its time does not count as training time.
  func pausing<Result>(_ body: () throws -> Result) rethrows -> Result {
    let begin = Self.now
    defer {
      paused += Self.now - begin
      window.start += Self.now - begin
    }
    return try body()
  }

  /// Notes the result of an evaluation.
  func record(_ evaluation: Evaluation, epoch: Int) throws {
    var members: JSONObject = [
      "event": "evaluation", "epoch": .integer(epoch + 1), "step": .integer(steps),
      "train_loss": .number(finalLoss),
    ]
    for member in evaluation.json.members { members[member.name] = member.value }
    try metrics?.write(.object(members))
    members["event"] = nil
    reporter.event(
      "evaluation",
      "epoch \(epoch + 1)/\(configuration.train.epochs)  train loss "
        + "\(ProgressFormat.loss(finalLoss))  \(evaluation)", members)
  }

  /// Tells of something else.
  func tell(_ event: String, _ text: String, _ members: JSONObject = [:]) {
    reporter.event(event, text, members)
  }

  /// Clears the progress line.
  func finish() { reporter.finish() }
}
