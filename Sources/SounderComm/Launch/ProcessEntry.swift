import Foundation

/// What the system says of a process.
struct ProcessEntry {
  let number: Int
  /// The name of its program, cut to 15 bytes.
  let name: String
  /// When it began, in ticks since the system's start: with the number it is unique.
  let start: UInt64
  let parent: Int

  /// Reads a process's line; nil when there is no such process.
  init?(number: Int) {
    guard let line = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
      // The name stands in parentheses and may hold any character.
      let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")")
    else { return nil }
    let fields = line[line.index(after: close)...].split(separator: " ")
    guard fields.count > 19, let parent = Int(fields[1]), let start = UInt64(fields[19]) else {
      return nil
    }
    self.number = number
    self.parent = parent
    self.start = start
    name = String(line[line.index(after: open)..<close])
  }

  /// The parent of this process, its parent, and so on.
  static var ancestors: some Sequence<ProcessEntry> {
    sequence(state: Int(getppid())) { number in
      guard number > 1, let entry = ProcessEntry(number: number) else { return nil }
      number = entry.parent
      return entry
    }
  }
}
