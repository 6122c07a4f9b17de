/// One thing that is wrong, or odd, in a configuration, and where.
public struct ConfigurationDiagnostic: Sendable, Hashable {
  /// How serious it is.
  public enum Severity: String, Sendable {
    case error, warning
  }

  /// A place in a file or in an override.
  public struct Location: Sendable, Hashable {
    /// The file's path, or `--set` with its argument.
    public var source: String
    /// The line, from 1; nil for overrides, which are one line.
    public var line: Int?
    /// The column, from 1, in Unicode scalars.
    public var column: Int
    /// The text of the line.
    public var excerpt: String
    /// The rank of the source: the file is first, then the overrides in order.
    var order: Int
  }

  /// How serious it is.
  public var severity = Severity.error
  /// Where it is.
  public var location: Location
  /// What it is.
  public var message: String
  /// What was probably meant.
  public var suggestion: String?

  /// One line: `file:line:column: error: message; did you mean '…'?`.
  public var line: String {
    let place =
      location.line.map { "\(location.source):\($0):\(location.column)" } ?? location.source
    let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
    return "\(place): \(severity.rawValue): \(message)\(hint)"
  }

  /// The line of the source with a caret under the place, for people.
  public var excerpt: String {
    // Tabs are kept so that the caret lands under its character whatever the width of a tab.
    let padding = location.excerpt.unicodeScalars.prefix(location.column - 1).map {
      $0 == "\t" ? "\t" : " "
    }
    return "  \(location.excerpt)\n  \(padding.joined())^"
  }
}

extension ConfigurationDiagnostic: Comparable {
  /// Whether one comes before the other: by source, then line, then column.
  public static func < (a: Self, b: Self) -> Bool {
    (a.location.order, a.location.line ?? 0, a.location.column, a.message)
      < (b.location.order, b.location.line ?? 0, b.location.column, b.message)
  }
}
