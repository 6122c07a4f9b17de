extension Emitter {
  /// The rows of the operator registry.
  func registry() -> String {
    var code = CodeWriter()
    code.line(header("The rows of the operator registry"))
    code.block("extension OperatorRegistry") { code in
      let rows = entries.flatMap { entry in
        [rowName(entry, false)] + (entry.hasInPlaceVariant ? [rowName(entry, true)] : [])
      }
      code.line("/// Every generated operator.")
      code.block("static func generatedEntries() -> [OperatorEntry]") { code in
        code.line("[")
        for row in rows { code.line("  \(row)(),") }
        code.line("]")
      }
      for entry in entries {
        code.line("")
        row(entry, isInPlace: false, &code)
        if entry.hasInPlaceVariant {
          code.line("")
          row(entry, isInPlace: true, &code)
        }
      }
    }
    return code.text
  }

  private func rowName(_ entry: Entry, _ isInPlace: Bool) -> String {
    "\(entry.schema.identifier)\(isInPlace ? "InPlace" : "")Entry"
  }

  func row(_ entry: Entry, isInPlace: Bool, _ code: inout CodeWriter) {
    let schema = entry.schema
    let hasForward = if case .none = entry.tangent { false } else { true }
    let saved = entry.saved.map { quoted(schema.savedName($0)) }.joined(separator: ", ")
    code.block("private static func \(rowName(entry, isInPlace))() -> OperatorEntry") { code in
      code.line("OperatorEntry(")
      code.line(
        "  name: \(quoted(schema.name + (isInPlace ? "_" : ""))), overload: \(quoted(schema.overload)),"
      )
      let text = isInPlace ? schema.inPlaceText : schema.text
      code.line("  schema: \(quoted(text)),")
      code.line("  documentation: \(quoted(entry.documentation)),")
      code.line("  parameters: [")
      for (index, argument) in schema.arguments.enumerated() {
        code.line("    \(parameter(argument, isDifferentiable: entry.isDifferentiable(index))),")
      }
      code.line("  ],")
      code.line("  savedValues: [\(saved)], hasReverse: \(!entry.differentiable.isEmpty),")
      code.line("  hasForward: \(hasForward), isComposite: \(entry.composite != nil),")
      code.line("  isInPlace: \(isInPlace), isView: \(entry.isView),")
      code.line("  differentiableOutputs: [\(outputs(entry))],")
      code.line("  samples: [")
      for sample in entry.samples { code.line("    \(self.sample(sample, schema)),") }
      code.line("  ]")
      code.block(")") { call(entry, isInPlace: isInPlace, &$0) }
    }
  }

  private func outputs(_ entry: Entry) -> String {
    let isDifferentiable = entry.composite != nil || !entry.differentiable.isEmpty
    return entry.isOutputDifferentiable.map { "\($0 && isDifferentiable)" }.joined(separator: ", ")
  }

  private func parameter(_ argument: Argument, isDifferentiable: Bool) -> String {
    var text = "OperatorParameter(\(quoted(argument.name)), .\(typeName(argument.type.base))"
    if argument.type.isList { text += ", isList: true" }
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
    }
  }

  private func sample(_ sample: Sample, _ schema: Schema) -> String {
    let values = sample.values.map { argument, value in
      "\(quoted(schema.arguments[argument].name)): "
        + self.value(value, schema.arguments[argument].type)
    }
    return "OperatorSample([\(values.isEmpty ? ":" : values.joined(separator: ", "))])"
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
  private func call(_ entry: Entry, isInPlace: Bool, _ code: inout CodeWriter) {
    let schema = entry.schema
    code.line("arguments in")
    for (index, argument) in schema.arguments.enumerated() {
      code.line("let value\(index) = try arguments.value(\(index), as: \(metatype(argument.type)))")
    }
    let call = schema.call(schema.arguments.indices.map { "value\($0)" }, isInPlace: isInPlace)
    if schema.returns.count == 1 {
      code.line("return [\(isInPlace ? "try " : "")\(call)]")
    } else {
      let parts = schema.returns.indices.map { "results.\($0)" }.joined(separator: ", ")
      code.line("let results = \(call)\nreturn [\(parts)]")
    }
  }

  private func metatype(_ type: ArgumentType) -> String {
    type.isOptional ? "(\(type.swift)).self" : "\(type.swift).self"
  }
}
