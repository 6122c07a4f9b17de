/// What the program's exit status tells scripts and schedulers, after BSD's `sysexits.h`.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Everything went well.
  case success = 0
  /// A failure that no other code describes.
  case failure = 1
  /// The command line cannot be understood (`EX_USAGE`).
  case usage = 64
  /// An input file exists but its contents are damaged or do not fit (`EX_DATAERR`).
  case dataError = 65
  /// An input file does not exist or cannot be opened (`EX_NOINPUT`).
  case inputMissing = 66
  /// An internal error, or training diverged (`EX_SOFTWARE`).
  case internalError = 70
  /// Writing or reading failed half-way (`EX_IOERR`).
  case inputOutput = 74
  /// Pre-empted by `SIGUSR1`, with the model written, or stopped because a rank was lost: the job may run
  /// again (`EX_TEMPFAIL`).
  case preempted = 75
  /// The configuration is invalid (`EX_CONFIG`).
  case configuration = 78
  /// Stopped by `SIGINT`.
  case interrupted = 130
  /// Stopped by `SIGTERM`.
  case terminated = 143
}

/// An error of the world that knows which exit code it deserves.
///
/// The description is one line or several, each naming what is wrong, where, and what to do.
public protocol ReportedError: Error, CustomStringConvertible {
  /// The status with which the program ends when nobody handles the error.
  var exitCode: ExitCode { get }
}
