import SchemaLanguage

extension Emitter {
  /// Notes when an operator begins: a thread-local load and a branch while nobody traces.
  var traceBegin: String { "let begun = Trace.beginOperator()" }

  /// Records the operator, with the node that it left in the graph.
  func traceEnd(_ entry: Entry) -> String {
    let schema = entry.schema
    let output = entry.isOutputDifferentiable.firstIndex(of: true) ?? 0
    let result = schema.outputName(output) + (schema.returns[output].isList ? ".first" : "")
    let chain = schema.returns[output].isList ? "?" : ""
    let node = entry.differentiable.isEmpty ? "nil" : "\(result)\(chain).node"
    return traceEnd(schema.fullName, node: node, result)
  }

  func traceEnd(_ name: String, node: String, _ result: String) -> String {
    "if begun != 0 { recordOperator(\(quoted(name)), begun, \(node), \(result)) }"
  }
}
