import SchemaLanguage

/// `keep_dim` as `keepDim`.
func camelCase(_ name: String) -> String {
  let parts = name.split(separator: "_")
  guard let first = parts.first else { return name }
  return first + parts.dropFirst().map(capitalized).joined()
}

/// `dim_IntList` as `DimIntList`.
func typeCase(_ name: String) -> String { name.split(separator: "_").map(capitalized).joined() }

private func capitalized(_ word: some StringProtocol) -> String {
  word.prefix(1).uppercased() + word.dropFirst()
}

/// A variable's name that is neither a keyword nor `self`.
func variable(_ name: String) -> String {
  let camel = camelCase(name)
  return swiftKeywords.contains(camel) ? camel + "_" : camel
}

/// A declaration's name, in backticks if it is a keyword.
func declared(_ name: String) -> String { swiftKeywords.contains(name) ? "`\(name)`" : name }

/// Words that cannot be names in Swift, and words that need no declaration in a formula.
let swiftKeywords: Set = [
  "self", "Self", "super", "true", "false", "nil", "try", "as", "is", "in", "if", "else", "let",
  "var", "return", "case", "switch", "default", "for", "while", "repeat", "where", "guard", "func",
  "class", "struct", "enum", "protocol", "import", "init", "do", "throw", "throws", "any", "some",
  "operator", "static", "extension", "defer", "break", "continue", "await", "async", "inout",
]

extension Return {
  /// The result's type in Swift.
  var swiftType: String { isList ? "[Tensor]" : "Tensor" }
}

extension Schema {
  /// The Swift name of the function: `logSoftmax`.
  var functionName: String { swiftName ?? camelCase(plainName) }

  /// The name as one word, without the namespace that Swift's functions don't have: `linalg_inv`.
  var plainName: String {
    let prefix = "nn.functional."
    let local = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    return String(local.map { $0 == "." ? "_" : $0 })
  }

  /// The class of the graph node: `MulTensorBackward`.
  var nodeName: String { typeCase(plainName) + typeCase(overload) + "Backward" }

  /// A Swift name of its own for each operator: `mulTensor`.
  var identifier: String { camelCase(plainName) + typeCase(overload) }

  /// Whether the function is a method on its first argument.
  var isMethod: Bool { arguments.first?.type == ArgumentType(base: .tensor) }

  /// The variable that holds argument `index` in the function's body.
  func local(_ index: Int) -> String {
    index == 0 && isMethod ? "self" : variable(arguments[index].name)
  }

  /// The variable that holds result `index`.
  func outputName(_ index: Int) -> String {
    if returns.count == 1 { return "result" }
    return returns[index].name.map(variable) ?? "result\(index)"
  }

  /// The names a formula may use for result `index`.
  func outputAliases(_ index: Int) -> [String] {
    returns.count == 1
      ? ["result"] + (returns[0].name.map { [camelCase($0)] } ?? [])
      : (index == 0 ? ["result"] : []) + ["result\(index)"]
        + (returns[index].name.map { [camelCase($0)] } ?? [])
  }

  /// The result's type in Swift.
  var returnType: String {
    if returns.count == 1 { return returns[0].swiftType }
    let parts = returns.map { result in
      (result.name.map { "\(camelCase($0)): " } ?? "") + result.swiftType
    }
    return "(" + parts.joined(separator: ", ") + ")"
  }
}
