import SchemaLanguage

extension Emitter {
  /// The in-place variant of one operator.
  ///
  /// The node is created before the kernel runs: it leads to the history the tensor had, and a formula
  /// that needs the old value finds a copy of it.
  func inPlaceFunction(_ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    let name = schema.functionName + "_"
    documentation(entry, .inPlace, &code)
    code.line("@discardableResult")
    code.block("public func \(name)(\(schema.parameterList)) throws -> Tensor") { code in
      let operands = entry.differentiable.filter { $0 != 0 }.map { requiresGradient(schema, $0) }
      let others = operands.isEmpty ? "" : ", operands: \(operands.joined(separator: " || "))"
      let values = ["self.clone()"] + schema.arguments.indices.dropFirst().map { schema.local($0) }
      code.block("if try requireInPlace(self, \(quoted(schema.name + "_"))\(others))") { code in
        code.line("return rewrite(\(schema.call(values)), \(quoted(schema.name + "_")))")
      }
      let isDifferentiable = !entry.differentiable.isEmpty
      if isDifferentiable {
        code.line("var recorded: \(schema.nodeName)?")
        whenRecording(entry, result: "self", &code) { code in
          constructNode(entry, isInPlace: true, "let node", &code)
          code.line("recorded = node")
        }
        code.line("let original = Modes.forward ? self.clone() : self")
      }
      code.line(traceBegin)
      code.line("_ = Kernels.\(entry.kernel)(\(kernelArguments(entry)), out: self.array)")
      code.line("self.incrementVersion()")
      code.line(traceEnd(schema.name + "_", node: isDifferentiable ? "recorded" : "nil", "self"))
      if isDifferentiable {
        code.block("if let node = recorded") { code in
          code.line("self.replaceHistory(node, slot: 0)")
          saveOutputs(entry, &code) { _ in "self" }
        }
        if case .none = entry.tangent {
        } else {
          code.line("if Modes.forward { self.clearTangent() }")
        }
        let scope = TangentScope(schema: schema, receiver: "original", result: "self")
        tangents(entry, scope, &code)
      }
      code.line("return self")
    }
  }
}
