/// The declaration of an operator: `mul.Tensor(Tensor self, Tensor other) -> Tensor`.
struct Schema: Equatable {
  var text: String
  /// With its namespace: `nn.functional.relu`, `linalg.inv`.
  var name: String
  var overload: String
  var arguments: [Argument]
  var returns: [Return]
  /// The Swift name, if the declaration gives one.
  var swiftName: String?

  /// The name in the registry: `mul.Tensor`.
  var fullName: String { overload.isEmpty ? name : "\(name).\(overload)" }
}

/// One argument of an operator.
struct Argument: Equatable {
  let name: String
  var type: ArgumentType
  let defaultValue: Literal?
  let isKeywordOnly: Bool
}

/// One result of an operator.
struct Return: Equatable {
  let name: String?
  /// Whether the result is a list of tensors.
  var isList = false
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
    /// What may stand between the brackets of a subscript.
    case index = "Index"
    /// The element of a list of lists of integers.
    case intList = "int[]"
  }

  var base: Base
  var isList = false
  /// The length of the list, if the schema fixes it: one number then stands for all.
  var length: Int?
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
    let list = isList ? "[\(length.map(String.init) ?? "")]" : ""
    return base.rawValue + (hasOptionalElements ? "?" : "") + list + (isOptional ? "?" : "")
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
    case .index: "TensorIndex"
    case .intList: "[Int]"
    }
  }
}
