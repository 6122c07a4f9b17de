import SchemaLanguage

extension Emitter {
  /// The graph nodes of all differentiable operators.
  func nodes() -> String {
    var code = CodeWriter()
    code.line(header("The graph nodes of the operators"))
    for (index, entry) in entries.filter({ !$0.differentiable.isEmpty }).enumerated() {
      if index > 0 { code.line("") }
      node(entry, &code)
    }
    return code.text
  }

  /// The node of one operator.
  func node(_ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    code.line("/// The derivative of `\(schema.fullName)`.")
    code.block("final class \(schema.nodeName): Node") { code in
      for value in entry.initialFields {
        let keyword = isTensor(value) ? "var" : "let"
        code.line("private \(keyword) \(schema.field(value)): \(schema.fieldType(value))")
      }
      for case .output(let index) in entry.saved {
        code.line("var \(schema.field(.output(index))) = SavedTensor()")
      }
      if !entry.initialFields.isEmpty || !entry.saved.isEmpty { code.line("") }
      initialiser(entry, &code)
      code.line("\noverride var eventName: EventName { \(quoted(schema.nodeName)) }")
      if !entry.saved.isEmpty {
        let names = entry.saved.map { quoted(schema.savedName($0)) }.joined(separator: ", ")
        code.line("\noverride var savedNames: [String] { [\(names)] }")
      }
      code.line("")
      apply(entry, &code)
      releaseSaved(entry, &code)
    }
  }

  private func isTensor(_ value: SavedValue) -> Bool {
    switch value {
    case .input, .output: true
    default: false
    }
  }

  private func initialiser(_ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    let fields = entry.initialFields
    let parameters = fields.map { "\(schema.field($0)): \(schema.fieldType($0))" }
    code.call("init", parameters, ") {")
    for field in fields { code.line("  self.\(schema.field(field)) = \(schema.field(field))") }
    code.line("  super.init(edgeCount: \(entry.edgeCount))\n}")
  }

  private func apply(_ entry: Entry, _ code: inout CodeWriter) {
    let usesGradient = entry.reverse.contains(where: \.usesGradient)
    let indexed = Set(entry.reverse.flatMap(\.indexedGradients)).sorted()
    code.block("override func apply(_ pass: BackwardPass) throws") { code in
      if usesGradient {
        code.line("guard let grad = pass.gradient(0) else { return }")
      } else if !indexed.isEmpty {
        for index in indexed { code.line("let grad\(index) = pass.gradient(\(index))") }
        let none = indexed.map { "grad\($0) == nil" }.joined(separator: " && ")
        code.line("if \(none) { return }")
      }
      for rule in entry.reverse {
        let condition = rule.arguments.map { entry.needsAny($0) }.joined(separator: " || ")
        code.block("if \(condition)") { code in
          unpack(rule, entry, &code)
          send(rule, entry, &code)
        }
      }
    }
  }

  private func unpack(_ rule: ReverseRule, _ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    for value in rule.saved {
      let field = schema.field(value)
      switch value {
      case .input(let index):
        let type = schema.arguments[index].type
        let unpack = type.isOptional || type.hasOptionalElements ? "unpackOptional" : "unpack"
        code.line(
          type.isList
            ? "let \(field) = try \(unpack)List(self.\(field))"
            : "let \(field) = try \(unpack)(self.\(field))")
      case .output:
        code.line("let \(field) = try unpack(self.\(field))")
      default: break
      }
    }
  }

  private func send(_ rule: ReverseRule, _ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    if rule.arguments.count > 1 {
      let types = rule.arguments.map { schema.arguments[$0].type.isList ? "[Tensor?]" : "Tensor?" }
      let head = "let inputGradients: (\(types.joined(separator: ", "))) ="
      code.formula(rule.source, file: file, "\(head) \(rule.expression)")
      for (position, argument) in rule.arguments.enumerated() {
        sendOne(argument, "inputGradients.\(position)", entry, &code)
      }
      return
    }
    let argument = rule.arguments[0]
    if schema.arguments[argument].type.isList {
      code.formula(rule.source, file: file, "let inputGradients: [Tensor?] = \(rule.expression)")
      return sendOne(argument, "inputGradients", entry, &code)
    }
    code.formula(
      rule.source, file: file, "pass.send(\(entry.edge(argument)), \(rule.expression))")
  }

  private func sendOne(
    _ argument: Int, _ gradient: String, _ entry: Entry, _ code: inout CodeWriter
  ) {
    guard entry.schema.arguments[argument].type.isList else {
      return code.line("pass.send(\(entry.edge(argument)), \(gradient))")
    }
    code.block("for (index, gradient) in \(gradient).enumerated()") { code in
      code.line("pass.send(\(entry.listEdge(argument, "index")), gradient)")
    }
  }

  private func releaseSaved(_ entry: Entry, _ code: inout CodeWriter) {
    let tensors = entry.saved.filter(isTensor)
    if tensors.isEmpty { return }
    code.line("")
    code.block("override func releaseSaved()") { code in
      for value in tensors {
        let field = entry.schema.field(value)
        if case .input(let index) = value, entry.schema.arguments[index].type.isList {
          code.line("for index in \(field).indices { \(field)[index].release() }")
        } else {
          code.line("\(field).release()")
        }
      }
    }
  }
}
