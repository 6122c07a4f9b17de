import SchemaLanguage

extension Emitter {
  /// The documentation of a function: the entry's text, the schema and the parameters.
  func documentation(_ entry: Entry, _ variant: Variant, _ code: inout CodeWriter) {
    let schema = entry.schema
    for line in entry.documentation.split(separator: "\n", omittingEmptySubsequences: false) {
      code.line(line.isEmpty ? "///" : "/// \(line)")
    }
    code.line("///")
    if variant == .inPlace {
      code.line("/// Writes the result into this tensor and returns it.")
    } else if variant == .out {
      code.line("/// Writes the result into `out` and returns it; takes no part in a graph.")
    } else if entry.isView {
      code.line("/// The result shares its memory with this tensor.")
    }
    code.line("/// Schema: `\(schema.text(variant))`.")
    let parameters =
      schema.arguments.enumerated().dropFirst(schema.isMethod ? 1 : 0)
      .map { "\(variable($1.name)): \(description($1))" }
      + (variant == .out ? ["out: The tensor to write to, of the result's shape."] : [])
    if parameters.count == 1 {
      code.line("/// - Parameter \(parameters[0])")
    } else if !parameters.isEmpty {
      code.line("/// - Parameters:")
      for parameter in parameters { code.line("///   - \(parameter)") }
    }
    if variant == .out {
      code.line(
        "/// - Throws: ``AutogradError`` `.outVariant` if a tensor requires a gradient and gradients are on."
      )
    } else if variant == .inPlace {
      code.line(
        "/// - Throws: ``AutogradError`` if this tensor is a leaf that requires a gradient, or a view "
          + "of one.")
    }
  }

  private func description(_ argument: Argument) -> String {
    let kind =
      switch argument.type.base {
      case .tensor: "tensor"
      case .scalar: "number"
      case .int: "integer"
      case .float: "real number"
      case .bool: "truth value"
      case .string: "name"
      case .dtype: "element type"
      case .stream: "stream of random numbers"
      case .index: "index, range or mask"
      case .intList: "list of integer"
      }
    let what =
      argument.type.isList
      ? "A list of \(kind)s" : "A\(kind.hasPrefix("i") || kind.hasPrefix("e") ? "n" : "") \(kind)"
    let optional = argument.type.isOptional ? " or nil" : ""
    let defaultValue = argument.defaultValue.map { ", \($0.swift(argument.type)) by default" } ?? ""
    return what + optional + defaultValue + "."
  }
}
