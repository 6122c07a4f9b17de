import Foundation

/// A file that could not be written or read, by the system's own words.
public struct FileError: ReportedError, Equatable {
  /// What was tried (`write`, `rename`, …).
  public var operation: String
  /// The file.
  public var path: String
  /// The system's explanation.
  public var reason: String

  /// The failure that `errno` describes now.
  init(_ operation: String, _ path: String) {
    let code = errno
    self.operation = operation
    self.path = path
    reason = String(cString: strerror(code))
  }

  /// A failure in words.
  init(_ operation: String, _ path: String, reason: String) {
    self.operation = operation
    self.path = path
    self.reason = reason
  }

  /// Always 74.
  public var exitCode: ExitCode { .inputOutput }

  /// One line that names the file, the operation and the reason.
  public var description: String { "\(path): error: cannot \(operation): \(reason)" }
}
