import Foundation

/// What tells a process from all others that ever had or will have its number.
struct ProcessIdentity: Equatable {
  let number: Int32
  /// When it began, in ticks since the boot.
  let start: UInt64
  /// The boot of the kernel it runs on.
  let boot: String

  /// The process that asks.
  static var current: ProcessIdentity {
    ProcessIdentity(number: getpid(), start: status(of: getpid())?.start ?? 0, boot: currentBoot)
  }

  /// What has become of a process.
  enum Fate: String {
    case running
    /// By a signal, or in a debugger.
    case stopped
    case gone
  }

  /// What has become of it; nil if that cannot be told from this machine.
  var fate: Fate? {
    guard !boot.isEmpty, boot == Self.currentBoot, start != 0, number > 0 else { return nil }
    guard let status = Self.status(of: number), status.start == start else { return .gone }
    switch status.letter {
    case "T", "t": return .stopped
    case "Z", "X": return .gone
    default: return .running
    }
  }

  private static let currentBoot =
    SystemFile.line("/proc/sys/kernel/random/boot_id") ?? ""

  private static func status(of process: Int32) -> (letter: Character, start: UInt64)? {
    guard let line = SystemFile.line("/proc/\(process)/stat"),
      // The name before it may hold anything, parentheses and spaces included.
      let nameEnd = line.lastIndex(of: ")")
    else { return nil }
    let fields = line[line.index(after: nameEnd)...].split(separator: " ")
    guard fields.count > 19, let letter = fields[0].first, let start = UInt64(fields[19]) else {
      return nil
    }
    return (letter, start)
  }
}
