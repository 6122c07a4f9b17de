import Foundation

/// Appends JSON objects to a file, one a line, each visible to readers at once.
public final class MetricsWriter {
  private let path: String
  private let descriptor: Int32

  /// A writer that starts the file anew.
  public init(path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError("create", path) }
  }

  deinit { close(descriptor) }

  /// Adds one line.
  public func write(_ record: JSONValue) throws(FileError) {
    let line = Array((record.compact + "\n").utf8)
    guard line.withUnsafeBytes({ FileDescriptor.writeAll($0, to: descriptor) }) else {
      throw FileError("write", path)
    }
  }
}
