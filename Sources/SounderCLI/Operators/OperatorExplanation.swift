import Sounder

/// Everything about one operator.
struct OperatorExplanation {
  let entry: OperatorEntry

  /// The explanation in paragraphs.
  var text: String {
    var lines = [entry.schema, "  " + entry.documentation]
    if !entry.parameters.isEmpty { lines.append("  parameters:") }
    for parameter in entry.parameters {
      var line = "    \(parameter.name): \(parameter.type)"
      if let value = parameter.defaultValue { line += " = \(value.literal)" }
      if parameter.isDifferentiable { line += ", differentiable" }
      lines.append(line)
    }
    lines.append("  derivatives: \(derivatives)")
    let outputs = entry.differentiableOutputs
    if outputs.contains(false) {
      let numbers = outputs.indices.filter { !outputs[$0] }.map(String.init)
      lines.append("  results without a gradient: \(numbers.joined(separator: ", "))")
    }
    if entry.hasReverse {
      let saved = entry.savedValues
      lines.append(
        "  saved for backward: " + (saved.isEmpty ? "nothing" : saved.joined(separator: ", ")))
    }
    if entry.isView { lines.append("  the result is a view of the first argument") }
    if entry.isInPlace { lines.append("  writes into the first argument") }
    if let variant = entry.inPlaceVariant { lines.append("  in place: \(variant)") }
    lines.append("  samples for its tests: \(entry.samples.count)")
    for sample in entry.samples { lines.append("    " + sample.text(for: entry)) }
    return lines.map { $0 + "\n" }.joined()
  }

  private var derivatives: String {
    switch entry.derivatives {
    case "composite": "those of the operators it is made of"
    case "none": "none"
    case let modes:
      modes.split(separator: ", ").map { "\($0) formula" }.joined(separator: ", ")
        + (entry.hasSecondOrder ? ", second order" : "")
    }
  }

  /// The explanation as an object.
  var json: JSONValue {
    let parameters = entry.parameters.map { parameter -> JSONValue in
      [
        "name": .string(parameter.name), "type": .string(parameter.type),
        "default": parameter.defaultValue.map { .string($0.literal) } ?? .null,
        "differentiable": .bool(parameter.isDifferentiable),
      ]
    }
    return [
      "name": .string(entry.fullName), "schema": .string(entry.schema),
      "documentation": .string(entry.documentation), "parameters": .array(parameters),
      "reverse": .bool(entry.hasReverse), "forward": .bool(entry.hasForward),
      "second_order": .bool(entry.hasSecondOrder), "composite": .bool(entry.isComposite),
      "view": .bool(entry.isView), "in_place": .bool(entry.isInPlace),
      "in_place_variant": entry.inPlaceVariant.map(JSONValue.string) ?? .null,
      "saved": .array(entry.savedValues.map(JSONValue.string)),
      "differentiable_outputs": .array(entry.differentiableOutputs.map(JSONValue.bool)),
      "samples": .integer(entry.samples.count),
    ]
  }
}

extension OperatorArgument {
  /// The value as a schema writes it.
  fileprivate var literal: String {
    switch self {
    case .absent: "None"
    case .tensor(let tensor): "\(tensor.dtype)\(tensor.shape)"
    case .scalar(.bool(let value)): value ? "True" : "False"
    case .scalar(let number): "\(number)"
    case .string(let text): "'\(text)'"
    case .dtype(let dtype): dtype.name
    case .stream: "a random stream"
    case .list(let elements): "[\(elements.map(\.literal).joined(separator: ", "))]"
    case .slice(let start, let stop, let step):
      "\(start.map(String.init) ?? ""):\(stop.map(String.init) ?? "")"
        + (step.map { ":\($0)" } ?? "")
    case .ellipsis: "..."
    }
  }
}

extension OperatorSample {
  /// The arguments in the order of the parameters: `self: [3, 4], dim: 1`.
  fileprivate func text(for entry: OperatorEntry) -> String {
    entry.parameters.compactMap { parameter in
      values[parameter.name].map { "\(parameter.name): \(Self.text($0))" }
    }.joined(separator: ", ")
  }

  private static func text(_ value: Value) -> String {
    switch value {
    case .value(let argument): argument.literal
    case .list(let elements): "[\(elements.map(text).joined(separator: ", "))]"
    case .tensor(let tensor):
      "\(tensor.dtype.map(\.name) ?? "")\(tensor.shape)"
        + (tensor.low == nil && tensor.high == nil
          ? "" : " in \(tensor.low ?? -2) ..< \(tensor.high ?? 2)")
    }
  }
}
