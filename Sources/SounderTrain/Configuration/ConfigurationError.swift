/// Why a configuration cannot be used.
public enum ConfigurationError: ReportedError, Equatable {
  /// The file does not exist or cannot be opened.
  case unreadable(path: String, reason: String)
  /// The contents are wrong; all mistakes are listed, in the order of their places.
  case invalid([ConfigurationDiagnostic])

  /// 66 for a missing file, 78 for wrong contents.
  public var exitCode: ExitCode {
    switch self {
    case .unreadable: .inputMissing
    case .invalid: .configuration
    }
  }

  /// One line for each mistake.
  public var description: String { text(excerpts: false) }

  /// One line for each mistake; with excerpts, its source line and a caret follow.
  public func text(excerpts: Bool) -> String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): error: \(reason); give the path of a YAML configuration, such as configs/digits.yaml"
    case .invalid(let diagnostics):
      diagnostics.map { excerpts ? "\($0.line)\n\($0.excerpt)" : $0.line }
        .joined(separator: "\n")
    }
  }
}
