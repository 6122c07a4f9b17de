import Foundation

/// Text files in which the system tells about itself, with a name and a value on each line.
public enum SystemFile {
  /// The first line of a file; nil if it cannot be read.
  static func line(_ path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
  }

  /// The value on the first line that begins with a name, without colon and space around it.
  public static func value(_ name: String, in path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line.map {
      $0.dropFirst(name.count).trimmingCharacters(in: CharacterSet(charactersIn: " \t:"))
    }
  }
}
