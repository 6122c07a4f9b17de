import SounderTrain

/// Why cases could not be run at all.
public struct ConformanceError: ReportedError, Equatable {
  /// The status the program ends with.
  public let exitCode: ExitCode
  /// What is wrong, with the file.
  public let description: String
}
