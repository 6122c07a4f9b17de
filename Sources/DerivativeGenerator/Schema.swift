/// The declaration of an operator: `mul.Tensor(Tensor self, Tensor other) -> Tensor`.
struct Schema: Equatable {
  let text: String
  let name: String
  let overload: String
  let arguments: [Argument]
  let returns: [Return]

  /// The name in the registry: `mul.Tensor`.
  var fullName: String { overload.isEmpty ? name : "\(name).\(overload)" }
}

/// One argument of an operator.
struct Argument: Equatable {
  let name: String
  let type: ArgumentType
  let defaultValue: Literal?
  let isKeywordOnly: Bool
}

/// One result of an operator.
struct Return: Equatable {
  let name: String?
}

/// The type of an argument: a base type, possibly optional, possibly a list.
struct ArgumentType: Equatable {
  enum Base: String, CaseIterable {
    case tensor = "Tensor"
    case scalar = "Scalar"
    case int
    case float
    case bool
    case string = "str"
    case dtype = "ScalarType"
    case stream = "RandomStream"
  }

  var base: Base
  var isList = false
  var hasOptionalElements = false
  var isOptional = false

  /// Whether the argument holds tensors.
  var isTensor: Bool { base == .tensor }

  /// The type in Swift: `[Tensor?]`.
  var swift: String {
    let element = swiftBase + (hasOptionalElements ? "?" : "")
    return (isList ? "[\(element)]" : element) + (isOptional ? "?" : "")
  }

  /// The type as the schema spells it: `Tensor?[]`.
  var spelling: String {
    base.rawValue + (hasOptionalElements ? "?" : "") + (isList ? "[]" : "")
      + (isOptional ? "?" : "")
  }

  private var swiftBase: String {
    switch base {
    case .tensor: "Tensor"
    case .scalar: "Scalar"
    case .int: "Int"
    case .float: "Double"
    case .bool: "Bool"
    case .string: "String"
    case .dtype: "DType"
    case .stream: "RandomStream"
    }
  }
}
