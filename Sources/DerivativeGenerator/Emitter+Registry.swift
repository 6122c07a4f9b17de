import SchemaLanguage

extension Emitter {
  /// The rows of the operator registry.
  func registry() -> String {
    var code = CodeWriter()
    code.line(header("The rows of the operator registry"))
    code.block("extension OperatorRegistry") { code in
      let rows = entries.flatMap { entry in entry.variants.map { rowName(entry, $0) } }
      code.line("/// Every generated operator.")
      code.block("static func generatedEntries() -> [OperatorEntry]") { code in
        code.line("[")
        for row in rows { code.line("  \(row)(),") }
        code.line("]")
      }
      for entry in entries {
        for variant in entry.variants {
          code.line("")
          row(entry, variant, &code)
        }
      }
    }
    return code.text
  }

  private func rowName(_ entry: Entry, _ variant: Variant) -> String {
    let suffix =
      switch variant {
      case .functional: ""
      case .inPlace: "InPlace"
      case .out: "Out"
      }
    return "\(entry.schema.identifier)\(suffix)Entry"
  }

  func row(_ entry: Entry, _ variant: Variant, _ code: inout CodeWriter) {
    let schema = entry.schema
    let hasForward = if case .none = entry.tangent { false } else { variant != .out }
    let hasReverse = variant != .out && !entry.differentiable.isEmpty
    let saved = entry.saved.map { quoted(schema.savedName($0)) }.joined(separator: ", ")
    code.block("private static func \(rowName(entry, variant))() -> OperatorEntry") { code in
      code.line("OperatorEntry(")
      code.line(
        "  name: \(quoted(schema.name(variant))), overload: \(quoted(schema.overload(variant))),")
      code.line("  schema: \(quoted(schema.text(variant))),")
      code.line("  documentation: \(quoted(entry.documentation)),")
      code.line("  parameters: [")
      for (index, argument) in schema.arguments.enumerated() {
        let isDifferentiable = variant != .out && entry.isDifferentiable(index)
        code.line("    \(parameter(argument, isDifferentiable: isDifferentiable)),")
      }
      if variant == .out { code.line("    OperatorParameter(\"out\", .tensor),") }
      code.line("  ],")
      code.line("  savedValues: [\(saved)], hasReverse: \(hasReverse),")
      code.line("  hasForward: \(hasForward), isComposite: \(entry.composite != nil),")
      code.line("  isInPlace: \(variant == .inPlace), isView: \(entry.isView),")
      code.line("  differentiableOutputs: [\(outputs(entry))],")
      code.line("  samples: [")
      for sample in variant == .out ? [] : entry.samples {
        code.line("    \(self.sample(sample, schema)),")
      }
      code.line("  ]")
      code.block(")") { call(entry, variant, &$0) }
    }
  }

  private func outputs(_ entry: Entry) -> String {
    let isDifferentiable = entry.composite != nil || !entry.differentiable.isEmpty
    return entry.isOutputDifferentiable.map { "\($0 && isDifferentiable)" }.joined(separator: ", ")
  }

  private func parameter(_ argument: Argument, isDifferentiable: Bool) -> String {
    var text = "OperatorParameter(\(quoted(argument.name)), .\(typeName(argument.type.base))"
    if argument.type.isList { text += ", isList: true" }
    if let length = argument.type.length { text += ", length: \(length)" }
    if argument.type.hasOptionalElements { text += ", hasOptionalElements: true" }
    if argument.type.isOptional { text += ", isOptional: true" }
    if let value = argument.defaultValue {
      text += ", defaultValue: \(value.operatorArgument(argument.type))"
    }
    if isDifferentiable { text += ", isDifferentiable: true" }
    return text + ")"
  }

  private func typeName(_ base: ArgumentType.Base) -> String {
    switch base {
    case .tensor: "tensor"
    case .scalar: "scalar"
    case .int, .float, .bool: base.rawValue
    case .string: "string"
    case .dtype: "dtype"
    case .stream: "stream"
    case .index: "index"
    case .intList: "intList"
    }
  }

  private func sample(_ sample: Sample, _ schema: Schema) -> String {
    let values = sample.values.map { argument, value in
      "\(quoted(schema.arguments[argument].name)): "
        + self.value(value, schema.arguments[argument].type)
    }
    let nonempty = sample.nonempty.isEmpty ? "" : ", nonempty: \(sample.nonempty)"
    return "OperatorSample([\(values.isEmpty ? ":" : values.joined(separator: ", "))]\(nonempty))"
  }

  private func value(_ value: SampleValue, _ type: ArgumentType) -> String {
    switch value {
    case .literal(let literal): return ".value(\(literal.operatorArgument(type)))"
    case .tensors(let list):
      return ".list([" + list.map { self.value($0, type) }.joined(separator: ", ") + "])"
    case .tensor(let tensor):
      var text = ".tensor(SampleTensor(shape: \(tensor.shape)"
      if let low = tensor.low { text += ", low: \(low)" }
      if let high = tensor.high { text += ", high: \(high)" }
      if let dtype = tensor.dtype { text += ", dtype: .\(dtype)" }
      if let values = tensor.values { text += ", values: \(values)" }
      if tensor.isContiguous { text += ", isContiguous: true" }
      return text + "))"
    }
  }

  /// The closure that calls the function with arguments taken from a list.
  private func call(_ entry: Entry, _ variant: Variant, _ code: inout CodeWriter) {
    let schema = entry.schema
    code.line("arguments in")
    for (index, argument) in schema.arguments.enumerated() {
      code.line("let value\(index) = try arguments.value(\(index), as: \(metatype(argument.type)))")
    }
    if variant == .out {
      code.line("let out = try arguments.value(\(schema.arguments.count), as: Tensor.self)")
    }
    let call = schema.call(schema.arguments.indices.map { "value\($0)" }, variant)
    if schema.returns.count == 1 {
      let result = variant == .functional ? call : "try \(call)"
      return code.line("return \(schema.returns[0].isList ? result : "[\(result)]")")
    }
    let parts = schema.returns.enumerated()
      .map { $1.isList ? "results.\($0)" : "[results.\($0)]" }
    code.line("let results = \(call)\nreturn \(parts.joined(separator: " + "))")
  }

  private func metatype(_ type: ArgumentType) -> String {
    type.isOptional ? "(\(type.swift)).self" : "\(type.swift).self"
  }
}
