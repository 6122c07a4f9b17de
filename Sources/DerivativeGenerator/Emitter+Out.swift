import SchemaLanguage

extension Emitter {
  /// The variant of one operator that writes into a tensor of the caller's.
  func outFunction(_ entry: Entry, _ code: inout CodeWriter) {
    let schema = entry.schema
    documentation(entry, .out, &code)
    code.line("@discardableResult")
    let parameters = schema.parameterList
    let separator = parameters.isEmpty ? "" : ", "
    let head = "public func \(schema.functionName)(\(parameters)\(separator)out: Tensor)"
    code.block("\(head) throws -> Tensor") { code in
      let tensors = entry.differentiable.map { requiresGradient(schema, $0) } + ["out.requiresGrad"]
      code.line(
        "try requireOut(\(quoted(schema.name)), \(tensors.joined(separator: " || ")))")
      code.line(traceBegin)
      code.line("_ = Kernels.\(entry.kernel)(\(kernelArguments(entry)), out: out.array)")
      code.line(traceEnd(schema.name, node: "nil", "out"))
      code.line("out.incrementVersion()\nreturn out")
    }
  }
}
