/// A valid configuration that remembers where each of its values came from.
public struct ResolvedConfiguration: Sendable {
  /// Where a value came from.
  public enum Origin: Sendable, Hashable {
    /// The key is not mentioned anywhere.
    case standard
    /// A line of the file.
    case file(line: Int)
    /// A `--set` argument, or an option that stands for one.
    case override

    /// The origin as the comment that `config print` writes.
    public var comment: String {
      switch self {
      case .standard: "default"
      case .file(let line): "file:\(line)"
      case .override: "--set"
      }
    }
  }

  /// The values.
  public internal(set) var configuration: Configuration
  /// The origin of every key that is not at its default.
  public internal(set) var origins: [String: Origin]
  /// What is odd but not wrong.
  public internal(set) var warnings: [ConfigurationDiagnostic]
  /// The path of the file.
  public let path: String

  /// The origin of a key.
  public func origin(of key: String) -> Origin { origins[key] ?? .standard }

  /// The configuration as YAML that reads back as the same; with origins as comments if wanted.
  public func yaml(origins showsOrigins: Bool) -> String {
    let schema = Configuration.schema
    var lines: [String] = []
    func append(_ field: ConfigurationField<Configuration>, _ indentation: String) {
      let key = field.path[field.path.count - 1]
      let value = field.read(configuration)
      var text = "\(indentation)\(key): \(value.yaml)"
      if case .layers = value { text = "\(indentation)\(key):" }
      let padding = String(repeating: " ", count: max(2, 40 - text.unicodeScalars.count))
      lines.append(
        showsOrigins ? "\(text)\(padding)# \(origin(of: field.name).comment)" : text)
      if case .layers(let layers) = value {
        lines += layers.map { "\(indentation)  - \($0.yaml)" }
      }
    }
    for field in schema.topFields { append(field, "") }
    for section in schema.sections {
      lines.append("\(section.key):")
      for field in section.fields { append(field, "  ") }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
