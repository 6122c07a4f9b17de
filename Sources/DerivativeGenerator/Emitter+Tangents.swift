import SchemaLanguage

extension Emitter {
  /// The forward-mode branch of a function: tangents of the results from those of the arguments.
  func tangents(_ entry: Entry, _ scope: TangentScope, _ code: inout CodeWriter) {
    let differentiable = entry.differentiable
    if differentiable.isEmpty { return }
    let output = entry.isOutputDifferentiable.firstIndex(of: true) ?? 0
    let result = scope.result ?? entry.schema.outputName(output)
    let anyTangent = differentiable.map { hasTangent(entry.schema, $0, scope) }
      .joined(separator: " || ")
    code.block("if Modes.forward") { code in
      switch entry.tangent {
      case .none:
        let name = entry.schema.fullName
        code.line("require(!(\(anyTangent)), \(quoted("\(name): no forward-mode formula")))")
        return
      case .linear:
        code.line("let modes = Modes.suspendForward()\ndefer { Modes.restore(modes) }")
        code.block("if \(anyTangent)") { code in
          code.line("\(result).addTangent(\(linearCall(entry, scope)))")
        }
      case .elementwise:
        code.line("let modes = Modes.suspendForward()\ndefer { Modes.restore(modes) }")
        elementwise(entry, scope, result, &code)
      case .formulas(let formulas):
        code.line("let modes = Modes.suspendForward()\ndefer { Modes.restore(modes) }")
        code.block("if \(anyTangent)") { code in explicit(formulas, entry, scope, &code) }
      }
    }
  }

  private func elementwise(
    _ entry: Entry, _ scope: TangentScope, _ result: String, _ code: inout CodeWriter
  ) {
    for rule in entry.reverse {
      let argument = rule.arguments[0]
      var scope = scope
      scope.elementwiseArgument = argument
      let optional = entry.schema.arguments[argument].type.isOptional ? "?" : ""
      let binding =
        "let \(scope.tangent(argument)) = \(scope.local(argument))\(optional).tangent?.conj()"
      code.block("if \(binding)") { code in
        let expression = scope.rewrite(rule.source, silent).text
        code.formula(rule.source, file: file, "\(result).addTangent((\(expression)).conj())")
      }
    }
  }

  private func explicit(
    _ formulas: [TangentFormula], _ entry: Entry, _ scope: TangentScope, _ code: inout CodeWriter
  ) {
    let rewritten = formulas.map { ($0, scope.rewrite($0.source, silent)) }
    for index in entry.differentiable
    where rewritten.contains(where: { $0.1.tangents.contains(index) }) {
      code.line("let \(scope.tangent(index)) = \(tangentOrZero(entry.schema, index, scope))")
    }
    for (formula, (text, _)) in rewritten {
      let result = scope.result ?? entry.schema.outputName(formula.output)
      code.formula(formula.source, file: file, "\(result).addTangent(\(text))")
    }
  }

  /// The operator applied to the tangents; a missing tangent is zero.
  private func linearCall(_ entry: Entry, _ scope: TangentScope) -> String {
    let schema = entry.schema
    let differentiable = Set(entry.differentiable)
    let values = schema.arguments.indices.map { index in
      differentiable.contains(index)
        ? tangentOrZero(schema, index, scope) : scope.local(index)
    }
    return schema.call(values)
  }

  private func hasTangent(_ schema: Schema, _ index: Int, _ scope: TangentScope) -> String {
    let type = schema.arguments[index].type
    let local = scope.local(index)
    guard type.isList else { return "\(local)\(type.isOptional ? "?" : "").tangent != nil" }
    let element = type.hasOptionalElements ? "$0?.tangent" : "$0.tangent"
    return "\(local).contains(where: { \(element) != nil })"
  }

  private func tangentOrZero(_ schema: Schema, _ index: Int, _ scope: TangentScope) -> String {
    let type = schema.arguments[index].type
    let local = scope.local(index)
    guard type.isList else { return "\(local)\(type.isOptional ? "?" : "").tangentOrZero" }
    return "\(local).map { $0\(type.hasOptionalElements ? "?" : "").tangentOrZero }"
  }
}
