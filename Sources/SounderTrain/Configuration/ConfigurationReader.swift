import Yams

/// Reads a configuration from a file and overrides, and collects everything that is wrong with it.
///
/// ```swift
/// let resolved = try ConfigurationReader.read(
///   file: "configs/digits.yaml", overrides: ["optimizer.lr=0.01"])
/// ```
public struct ConfigurationReader {
  typealias Field = ConfigurationField<Configuration>

  private let schema = Configuration.schema
  private var configuration = Configuration()
  private var origins: [String: ResolvedConfiguration.Origin] = [:]
  /// Where each key that was given stands, for messages about combinations.
  private var locations: [String: ConfigurationDiagnostic.Location] = [:]
  private var diagnostics: [ConfigurationDiagnostic] = []

  private init() {}

  /// The configuration in a file, changed by `--set` arguments (`optimizer.lr=0.1`) in order.
  ///
  /// - Throws: ``ConfigurationError`` with every mistake of the file and the overrides.
  public static func read(
    file path: String, overrides: [String] = []
  ) throws(ConfigurationError) -> ResolvedConfiguration {
    try read(source: ConfigurationSource.contents(ofFile: path), overrides: overrides)
  }

  /// The configuration in a text; `name` stands for the file in messages.
  public static func read(
    yaml: String, name: String = "configuration", overrides: [String] = []
  ) throws(ConfigurationError) -> ResolvedConfiguration {
    let source = ConfigurationSource(name: name, text: yaml, order: 0, overridePrefix: nil)
    return try read(source: source, overrides: overrides)
  }

  private static func read(
    source: ConfigurationSource, overrides: [String]
  ) throws(ConfigurationError) -> ResolvedConfiguration {
    var reader = ConfigurationReader()
    guard let root = try source.compose(source.text) else {
      throw .invalid([
        source.error(.start, "the file is empty; expected a mapping of keys to values")
      ])
    }
    reader.readRoot(root, source)
    for (index, argument) in overrides.enumerated() {
      reader.readOverride(argument, order: index + 1)
    }
    reader.inferModelKind()
    let checked = ConfigurationConstraints(
      configuration: reader.configuration, locations: reader.locations,
      fallback: source.location(TextPosition(root.mark)))
    // Values that failed are still at their defaults: combinations with them would mislead.
    if reader.diagnostics.isEmpty { reader.diagnostics = checked.diagnostics() }
    let errors = reader.diagnostics.filter { $0.severity == .error }
    if !errors.isEmpty { throw .invalid(errors.sorted()) }
    return ResolvedConfiguration(
      configuration: reader.configuration, origins: reader.origins,
      warnings: reader.diagnostics.sorted(), path: source.name)
  }

  // MARK: - The file

  private mutating func readRoot(_ root: Node, _ source: ConfigurationSource) {
    guard let mapping = root.mapping else {
      diagnostics.append(
        source.error(
          TextPosition(root.mark), "expected a mapping of keys to values at the top of the file"))
      return
    }
    for (keyNode, value) in mapping {
      guard let key = keyNode.scalar?.string else {
        diagnostics.append(
          source.error(TextPosition(keyNode.mark), "expected a key that is a plain word"))
        continue
      }
      if let section = schema.sections.first(where: { $0.key == key }) {
        readSection(section.key, keyNode, value, source)
      } else if let field = schema.topFields.first(where: { $0.path == [key] }) {
        readValue(field, value, source, keyMark: keyNode.mark)
      } else {
        unknown(key, in: nil, source, TextPosition(keyNode.mark))
      }
    }
  }

  private mutating func readSection(
    _ section: String, _ keyNode: Node, _ node: Node, _ source: ConfigurationSource
  ) {
    if node.scalar?.string == "" { return }
    guard let mapping = node.mapping else {
      diagnostics.append(
        source.error(
          TextPosition(node.mark), "expected a mapping of keys to values under '\(section)'"))
      return
    }
    for (keyNode, value) in mapping {
      guard let key = keyNode.scalar?.string else {
        diagnostics.append(
          source.error(TextPosition(keyNode.mark), "expected a key that is a plain word"))
        continue
      }
      if let field = schema.fields(under: section).first(where: { $0.path.last == key }) {
        readValue(field, value, source, keyMark: keyNode.mark)
      } else {
        unknown(key, in: section, source, TextPosition(keyNode.mark))
      }
    }
  }

  private mutating func readValue(
    _ field: Field, _ node: Node, _ source: ConfigurationSource, keyMark: Mark?
  ) {
    let location = source.location(TextPosition(node.mark ?? keyMark))
    if case .optional(.layers) = field.type, !ConfigurationScalar(node: node).isNull {
      var reader = LayerReader(source)
      let layers = reader.layers(node, field.name)
      diagnostics += reader.diagnostics
      return set(field, .layers(layers), location, source)
    }
    do throws(ConfigurationScalar.Mismatch) {
      let value = try ConfigurationScalar(node: node).value(as: field.type)
      set(field, value, location, source)
    } catch {
      diagnostics.append(
        source.error(
          TextPosition(error.mark ?? node.mark ?? keyMark), "'\(field.name)': \(error.message)",
          suggestion: error.suggestion))
    }
  }

  private mutating func set(
    _ field: Field, _ value: ConfigurationValue, _ location: ConfigurationDiagnostic.Location,
    _ source: ConfigurationSource
  ) {
    field.write(&configuration, value)
    origins[field.name] =
      source.overridePrefix == nil ? .file(line: location.line ?? 1) : .override
    locations[field.name] = location
  }

  /// A list of layers says what kind of model it is.
  private mutating func inferModelKind() {
    guard configuration.model.layers != nil, locations["model.kind"] == nil else { return }
    configuration.model.kind = .layers
    origins["model.kind"] = origins["model.layers"]
  }

  private mutating func unknown(
    _ key: String, in section: String?, _ source: ConfigurationSource, _ position: TextPosition
  ) {
    let place = section.map { " in '\($0)'" } ?? ""
    let shown = key.unicodeScalars.prefix(60).map {
      $0.properties.generalCategory == .control ? " " : String($0)
    }
    diagnostics.append(
      source.error(
        position, "unknown key '\(shown.joined())'\(place)",
        suggestion: schema.suggestion(for: key, in: section)))
  }

  // MARK: - Overrides

  private mutating func readOverride(_ argument: String, order: Int) {
    let name = "--set \(argument.unicodeScalars.prefix(120).map(String.init).joined())"
    let start = ConfigurationSource(name: name, text: argument, order: order, overridePrefix: 0)
    guard let equals = argument.unicodeScalars.firstIndex(of: "=") else {
      diagnostics.append(start.error(.start, "expected key=value, such as optimizer.lr=0.1"))
      return
    }
    let path = String(argument[..<equals])
    let yaml = String(argument[argument.unicodeScalars.index(after: equals)...])
    let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let field = schema.fields.first(where: { $0.path == parts }) else {
      unknownPath(parts, start)
      return
    }
    let value = ConfigurationSource(
      name: name, text: argument, order: order, overridePrefix: path.unicodeScalars.count + 1)
    do throws(ConfigurationError) {
      readValue(field, try value.compose(yaml) ?? Node(""), value, keyMark: nil)
    } catch {
      if case .invalid(let problems) = error { diagnostics += problems }
    }
  }

  private mutating func unknownPath(_ parts: [String], _ source: ConfigurationSource) {
    let section = schema.sections.first { $0.key == parts[0] }
    switch (parts.count, section) {
    case (1, let section?):
      let example = section.fields.first?.name ?? section.key
      diagnostics.append(
        source.error(.start, "'\(section.key)' is a section; name one of its keys, as \(example)"))
    case (1, nil): unknown(parts[0], in: nil, source, .start)
    case (2, let section?):
      let column = parts[0].unicodeScalars.count + 2
      unknown(parts[1], in: section.key, source, TextPosition(line: 1, column: column))
    default:
      let full = parts.joined(separator: ".")
      let near = Spelling.nearest(to: full, among: schema.fields.map(\.name))
      diagnostics.append(
        source.error(.start, "unknown key '\(full)'", suggestion: near))
    }
  }
}
