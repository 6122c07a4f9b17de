/// A value that a configuration key may hold.
public enum ConfigurationValue: Sendable, Hashable {
  /// No value: the feature is off, or chosen by the program.
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case integers([Int])
  case layers([LayerSpecification])

  /// The value as it is written in YAML.
  public var yaml: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): JSONValue.format(value)
    case .string(let value): Self.needsQuotes(value) ? JSONValue.quote(value) : value
    case .integers(let values): "[" + values.map(String.init).joined(separator: ", ") + "]"
    case .layers(let layers):
      "["
        + layers.map { $0.parameters.isEmpty ? $0.yaml : "{\($0.yaml)}" }.joined(separator: ", ")
        + "]"
    }
  }

  /// The value as JSON.
  var json: JSONValue {
    switch self {
    case .null: .null
    case .bool(let value): .bool(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let value): .string(value)
    case .integers(let values): .array(values.map(JSONValue.integer))
    case .layers(let layers): .array(layers.map(\.json))
    }
  }

  /// Whether a plain YAML scalar with this text would be read as something else than the text.
  private static func needsQuotes(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first else { return true }
    let plain = text.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "_-./".unicodeScalars.contains($0)
    }
    let starts = ("a"..."z").contains(first) || ("A"..."Z").contains(first) || first == "/"
    let reserved = ["true", "false", "null", "yes", "no", "on", "off"]
    return !plain || !starts || reserved.contains(text.lowercased())
  }
}
