import SchemaLanguage

extension Emitter {
  /// The public functions of all operators.
  func functions() -> String {
    var code = CodeWriter()
    code.line(header("The operators"))
    code.block("extension Tensor") { code in
      for (index, entry) in entries.enumerated() {
        if index > 0 { code.line("") }
        function(entry, &code)
        if entry.hasInPlaceVariant {
          code.line("")
          inPlaceFunction(entry, &code)
          code.line("")
          outFunction(entry, &code)
        }
      }
    }
    return code.text
  }

  /// The function of one operator.
  func function(_ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    documentation(entry, .functional, &code)
    let qualifier = schema.isMethod ? "public func" : "public static func"
    let head = "\(qualifier) \(declared(schema.functionName))(\(schema.parameterList))"
    code.block("\(head) -> \(schema.returnType)") { code in
      if let composite = entry.composite {
        let body = CompositeScope(schema: schema).rewrite(composite, silent)
        return code.formula(composite, file: file, body)
      }
      code.line(traceBegin)
      runKernel(entry, &code)
      for index in schema.returns.indices where entry.isView {
        code.line("\(schema.outputName(index)).markView(of: self)")
      }
      record(entry, &code)
      code.line(traceEnd(entry))
      let results = schema.returns.indices.map { schema.outputName($0) }
      tangents(entry, TangentScope(schema: schema), &code)
      code.line(
        "return " + (results.count == 1 ? results[0] : "(\(results.joined(separator: ", ")))"))
    }
  }

  private func runKernel(_ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    let copy = entry.copiesView ? ".copied()" : ""
    let call = "Kernels.\(entry.kernel)(\(kernelArguments(entry)))\(copy)"
    if schema.returns.count == 1 { return code.line("let result = Tensor(\(call))") }
    let names = schema.returns.indices.map { schema.outputName($0) }
    code.line("let (\(names.map { $0 + "Array" }.joined(separator: ", "))) = \(call)")
    for name in names { code.line("let \(name) = Tensor(\(name)Array)") }
  }

  func kernelArguments(_ entry: Entry) -> String {
    let parts = entry.schema.arguments.enumerated().map { index, argument in
      let local = entry.schema.local(index)
      guard argument.type.isTensor else { return local }
      if argument.type.isList {
        let map = argument.type.hasOptionalElements ? "$0?.array" : "$0.array"
        return "\(local)\(argument.type.isOptional ? "?" : "").map { \(map) }"
      }
      return argument.type.isOptional ? "\(local)?.array" : "\(local).array"
    }
    return parts.joined(separator: ", ")
  }

  /// Creates the graph node if gradients are on and an argument requires one.
  private func record(_ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    if entry.differentiable.isEmpty { return }
    whenRecording(entry, &code) { code in
      constructNode(entry, "let node", &code)
      for index in schema.returns.indices where entry.isOutputDifferentiable[index] {
        let slot = index == 0 ? "" : ", slot: \(index)"
        code.line("node.attach(\(schema.outputName(index))\(slot))")
      }
      saveOutputs(entry, &code) { schema.outputName($0) }
    }
  }

  /// Tests what each differentiable argument requires, and writes `body` for the case that any does.
  func whenRecording(
    _ entry: Entry, result: String? = nil, _ code: inout CodeWriter,
    _ body: (inout CodeWriter) -> Void
  ) {
    let schema = entry.schema
    let differentiable = entry.differentiable
    // Only an operator that is told the type of its result can make integers of floats.
    let canChangeType = schema.arguments.contains { $0.type.base == .dtype }
    let guardType = canChangeType && result == nil ? " && result.dtype.isDifferentiable" : ""
    if differentiable.count == 1 {
      let condition = requiresGradient(schema, differentiable[0])
      return code.block("if Modes.recording && \(condition)\(guardType)", body)
    }
    code.block("if Modes.recording\(guardType)") { code in
      for index in differentiable {
        code.line("let \(needsName(schema, index)) = \(requiresGradient(schema, index))")
      }
      let any = differentiable.map { needsName(schema, $0) }.joined(separator: " || ")
      code.block("if \(any)", body)
    }
  }

  func requiresGradient(_ schema: Schema, _ index: Int) -> String {
    let local = schema.local(index)
    let type = schema.arguments[index].type
    if type.isList {
      let test = type.hasOptionalElements ? "$0?.requiresGrad ?? false" : "$0.requiresGrad"
      return type.isOptional
        ? "(\(local)?.contains { \(test) } ?? false)" : "\(local).contains(where: { \(test) })"
    }
    return type.isOptional ? "(\(local)?.requiresGrad ?? false)" : "\(local).requiresGrad"
  }

  private func needsName(_ schema: Schema, _ index: Int) -> String {
    "needs" + typeCase(schema.arguments[index].name)
  }

  /// Creates the node with its saved inputs and edges.
  func constructNode(
    _ entry: Entry, isInPlace: Bool = false, _ binding: String, _ code: inout CodeWriter
  ) {
    let schema = entry.schema
    let arguments = entry.initialFields.map { value in
      "\(schema.field(value)): \(initialValue(of: value, entry, isInPlace: isInPlace))"
    }
    code.call("\(binding) = \(schema.nodeName)", arguments)
    for index in entry.differentiable {
      let local = schema.local(index)
      let edge = entry.edge(index) { "\(schema.local($0)).count" }
      guard schema.arguments[index].type.isList else {
        code.line("node.connect(\(edge), \(local))")
        continue
      }
      code.block("for (index, tensor) in \(local).enumerated()") { code in
        code.line("node.connect(\(edge == "0" ? "index" : "\(edge) + index"), tensor)")
      }
    }
  }

  /// What a field of the node is set to when it is created.
  private func initialValue(of value: SavedValue, _ entry: Entry, isInPlace: Bool) -> String {
    let schema = entry.schema
    switch value {
    case .argument(let index): return schema.local(index)
    case .inputProperty(let index, let property):
      let local = schema.local(index)
      let optional = schema.arguments[index].type.isOptional ? "?" : ""
      switch property {
      case .one(let name): return "\(local)\(optional).\(name)"
      case .each(let name): return "\(local)\(optional).map { $0.\(name) }"
      }
    case .outputProperty(let index, let property):
      return "\(isInPlace ? "self" : schema.outputName(index)).\(property.name)"
    case .output: return "SavedTensor()"
    case .input(let index):
      let users = entry.users(of: value)
      let isAlwaysNeeded = users.count == entry.differentiable.count
      let condition = users.map { needsName(schema, $0) }.joined(separator: " || ")
      let isList = schema.arguments[index].type.isList
      let local = isInPlace && index == 0 ? "self.clone()" : schema.local(index)
      let saved =
        isList ? "\(local).map { SavedTensor(input: $0) }" : "SavedTensor(input: \(local))"
      if isAlwaysNeeded { return saved }
      return "\(condition) ? \(saved) : \(isList ? "[]" : "SavedTensor()")"
    }
  }

  func saveOutputs(_ entry: Entry, _ code: inout CodeWriter, _ name: (Int) -> String) {
    for case .output(let index) in entry.saved {
      let field = entry.schema.field(.output(index))
      // A result without gradient has no node to come back to when it is read.
      let saved =
        entry.isOutputDifferentiable[index]
        ? "output: \(name(index)), slot: \(index)" : "input: \(name(index))"
      code.line("node.\(field) = SavedTensor(\(saved))")
    }
  }
}

extension Entry {
  /// The fields set when a node is created; results are saved later, once they have their node.
  var initialFields: [SavedValue] {
    var fields = saved.filter { if case .output = $0 { false } else { true } }
    for list in differentiableLists {
      let length = SavedValue.inputProperty(list, .one("count"))
      if !fields.contains(length) { fields.append(length) }
    }
    return fields
  }
}
