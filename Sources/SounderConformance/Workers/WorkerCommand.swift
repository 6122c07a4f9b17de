/// How a worker process is started.
public struct WorkerCommand: Sendable {
  /// The program.
  public var executable: String
  /// Its arguments.
  public var arguments: [String]
  /// How long a case may take.
  public var timeLimit: Duration

  /// A command that starts a worker.
  public init(executable: String, arguments: [String], timeLimit: Duration = .seconds(30)) {
    self.executable = executable
    self.arguments = arguments
    self.timeLimit = timeLimit
  }
}
