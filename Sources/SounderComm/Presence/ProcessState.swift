import Foundation

/// What the system says of a process that cannot go on by itself.
enum ProcessState: UInt8 {
  case stopped = 1
  case traced
  case waitingForDisk
  case ended

  /// The state of a process of this machine; nil for one that can go on, or cannot be asked about.
  init?(of process: Int32) {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    // The state follows the name in parentheses, which may hold anything.
    switch text[text.index(after: end)...].first(where: { $0 != " " }) {
    case "T": self = .stopped
    case "t": self = .traced
    case "D": self = .waitingForDisk
    case "Z", "X": self = .ended
    default: return nil
    }
  }
}

extension ProcessState: CustomStringConvertible {
  /// The words that follow "which": `is stopped by a signal`.
  var description: String {
    switch self {
    case .stopped: "is stopped by a signal"
    case .traced: "is stopped by a debugger"
    case .waitingForDisk: "waits for a disk"
    case .ended: "has ended"
    }
  }
}
