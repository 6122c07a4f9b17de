import Foundation
import SounderComm

/// What the program knows about the place its messages go to.
public struct Terminal: Sendable {
  /// The file descriptor.
  public let descriptor: Int32
  /// Whether somebody is watching: a terminal that is not a launcher's.
  public let isInteractive: Bool
  /// Whether colours are welcome: a terminal, and no `NO_COLOR` or `TERM=dumb`.
  public let usesColor: Bool

  /// Describes a file descriptor.
  public init(
    descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.descriptor = descriptor
    let isDumb = environment["TERM"] == "dumb"
    // mpirun gives its ranks pseudo-terminals even when its own output goes to a file.
    let launcher = try? LauncherEnvironment.detect(environment)
    isInteractive = isatty(descriptor) == 1 && !isDumb && launcher == nil
    usesColor = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Columns of the window now; `COLUMNS` or 80 where the system cannot tell.
  public var width: Int {
    var size = winsize()
    if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
    return columns.map { max($0, 20) } ?? 80
  }

  /// Writes a text.
  public func write(_ text: String) { FileDescriptor.write(text, to: descriptor) }
}
