/// Why a job ended before its time.
public enum TrainingError: ReportedError, Equatable {
  /// The loss is no longer a number.
  case diverged(step: Int, loss: Double)

  /// 70: the program cannot go on.
  public var exitCode: ExitCode { .internalError }

  /// One line with the step and what to try.
  public var description: String {
    switch self {
    case .diverged(let step, let loss):
      "error: training diverged: the loss of step \(step) is \(loss); "
        + "lower optimizer.lr, or set train.clip_norm"
    }
  }
}
