/// Where a running job stands.
public struct ProgressState: Sendable, Equatable {
  /// The epoch, from 0.
  public var epoch: Int
  /// Epochs in all.
  public var epochCount: Int
  /// Steps done.
  public var step: Int
  /// Steps in all.
  public var stepCount: Int
  /// The mean loss since the last report.
  public var loss: Double
  /// The learning rate in force.
  public var learningRate: Double
  /// Samples per second over all ranks.
  public var samplesPerSecond: Double
  /// An estimate of the time to the last step.
  public var secondsLeft: Double?

  /// A state with all its numbers.
  public init(
    epoch: Int, epochCount: Int, step: Int, stepCount: Int, loss: Double, learningRate: Double,
    samplesPerSecond: Double, secondsLeft: Double? = nil
  ) {
    self.epoch = epoch
    self.epochCount = epochCount
    self.step = step
    self.stepCount = stepCount
    self.loss = loss
    self.learningRate = learningRate
    self.samplesPerSecond = samplesPerSecond
    self.secondsLeft = secondsLeft
  }

  /// The state as a line of JSON output or metrics.
  public var json: JSONObject {
    [
      "event": "step", "step": .integer(step), "epoch": .integer(epoch + 1),
      "loss": .number(loss), "lr": .number(learningRate),
      "samples_per_second": .number(samplesPerSecond),
    ]
  }
}
