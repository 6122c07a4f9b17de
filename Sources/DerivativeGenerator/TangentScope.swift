import SchemaLanguage

/// Rewrites a formula for the body of the operator's function, where tangents are computed.
///
/// `selfT` is the tangent of `self`, `selfP` and `self` its value, `result` the result. The in-place
/// variant puts other variables in the place of the receiver and of the result.
struct TangentScope {
  let schema: Schema
  var receiver = "self"
  var result: String?
  /// The argument whose tangent stands for `grad`, in a reverse formula of an element-wise operator.
  var elementwiseArgument: Int?

  /// The rewritten formula and the arguments whose tangents it reads.
  func rewrite(_ source: Located, _ context: CheckContext) -> (text: String, tangents: [Int]) {
    var tangents: [Int] = []
    let text = FormulaCursor.rewrite(source, candidates: candidates, context) { name, cursor in
      resolve(name, &cursor, &tangents)
    }
    return (text, tangents)
  }

  /// The variable that holds argument `index`.
  func local(_ index: Int) -> String {
    index == 0 && schema.isMethod ? receiver : schema.local(index)
  }

  /// The variable that holds the tangent of argument `index`.
  func tangent(_ index: Int) -> String { camelCase(schema.arguments[index].name) + "T" }

  private func resolve(
    _ name: String, _ cursor: inout FormulaCursor, _ tangents: inout [Int]
  ) -> String? {
    if let elementwiseArgument {
      switch name {
      case "grad": return tangent(elementwiseArgument)
      case "destination": return "nil"
      case "needs":
        _ = cursor.takeMember()
        return "true"
      default: break
      }
    }
    for (index, argument) in schema.arguments.enumerated() {
      let camel = camelCase(argument.name)
      if name == camel || argument.type.isTensor && name == camel + "P" {
        if argument.type.isList, case .each(let property) = cursor.takeProperty(ofList: true) {
          return "\(local(index)).map { $0.\(property) }"
        }
        return local(index)
      }
      if argument.type.isTensor, name == camel + "T" {
        if !tangents.contains(index) { tangents.append(index) }
        return name
      }
    }
    for index in schema.returns.indices where schema.outputAliases(index).contains(name) {
      return result ?? schema.outputName(index)
    }
    return nil
  }

  private var candidates: [String] {
    schema.arguments.flatMap { argument in
      let camel = camelCase(argument.name)
      return argument.type.isTensor ? ["\(camel)P", "\(camel)T"] : [camel]
    } + schema.returns.indices.flatMap { schema.outputAliases($0) }
      + (elementwiseArgument == nil ? ["auto_linear", "auto_elementwise"] : [])
  }
}
