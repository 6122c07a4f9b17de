import Yams

/// Reads the `layers` of a model: words, or mappings of one kind to its parameters.
struct LayerReader {
  let source: ConfigurationSource
  private(set) var diagnostics: [ConfigurationDiagnostic] = []

  init(_ source: ConfigurationSource) { self.source = source }

  /// The layers of a list; mistakes are collected.
  mutating func layers(_ node: Node, _ key: String) -> [LayerSpecification] {
    guard let sequence = node.sequence else {
      fail(node, "'\(key)': expected \(ValueType.layers.expectation)")
      return []
    }
    guard !sequence.isEmpty, sequence.count <= 1_024 else {
      fail(node, "'\(key)': expected 1 to 1024 layers, found \(sequence.count)")
      return []
    }
    return sequence.compactMap { layer($0) }
  }

  private mutating func fail(_ node: Node, _ message: String, suggestion: String? = nil) {
    diagnostics.append(
      source.error(TextPosition(node.mark), message, suggestion: suggestion))
  }

  private mutating func layer(_ node: Node) -> LayerSpecification? {
    switch node {
    case .scalar(let scalar) where !scalar.string.isEmpty:
      return layer(node, scalar.string, nil)
    case .mapping(let mapping) where mapping.count == 1:
      guard let pair = mapping.first, let name = pair.key.scalar?.string else { break }
      return layer(pair.key, name, pair.value)
    default: break
    }
    fail(node, "expected a layer, as in '- relu' or '- linear: {out_features: 10}'")
    return nil
  }

  private mutating func layer(
    _ node: Node, _ name: String, _ parameters: Node?
  ) -> LayerSpecification? {
    guard let kind = LayerRegistry.kind(name) else {
      fail(
        node, "unknown layer '\(name.prefix(60))'",
        suggestion: LayerRegistry.suggestion(for: name))
      return nil
    }
    var given: [LayerSpecification.Parameter] = []
    switch parameters {
    case .mapping(let mapping)?:
      for (key, value) in mapping {
        if let parameter = parameter(key, value, of: kind) { given.append(parameter) }
      }
    case .scalar(let scalar)? where scalar.string.isEmpty: break
    case nil: break
    case let other?:
      fail(other, "layer '\(name)': expected its parameters, as in '{\(example(kind))}'")
    }
    for parameter in kind.parameters where parameter.defaultValue == nil {
      if !given.contains(where: { $0.name == parameter.name }), !isMentioned(parameter, parameters)
      {
        fail(node, "layer '\(name)' needs '\(parameter.name)', \(parameter.type.expectation)")
      }
    }
    return LayerSpecification(name, given, at: source.location(TextPosition(node.mark)))
  }

  private func isMentioned(_ parameter: LayerParameter, _ node: Node?) -> Bool {
    node?.mapping?.contains { $0.key.scalar?.string == parameter.name } ?? false
  }

  private func example(_ kind: LayerKind) -> String {
    kind.parameters.first.map { "\($0.name): …" } ?? ""
  }

  private mutating func parameter(
    _ key: Node, _ value: Node, of kind: LayerKind
  ) -> LayerSpecification.Parameter? {
    let name = key.scalar?.string ?? ""
    guard let parameter = kind.parameters.first(where: { $0.name == name }) else {
      fail(
        key, "unknown key '\(name.prefix(60))' in layer '\(kind.name)'",
        suggestion: Spelling.nearest(to: name, among: kind.parameters.map(\.name)))
      return nil
    }
    do throws(ConfigurationScalar.Mismatch) {
      return LayerSpecification.Parameter(
        name: name, value: try ConfigurationScalar(node: value).value(as: parameter.type))
    } catch {
      diagnostics.append(
        source.error(
          TextPosition(error.mark ?? value.mark),
          "layer '\(kind.name)', '\(name)': \(error.message)",
          suggestion: error.suggestion))
      return nil
    }
  }
}
