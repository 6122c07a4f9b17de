import SchemaLanguage

extension ArgumentType {
  /// The type in Swift: `[Tensor?]`.
  var swift: String {
    let element = swiftBase + (hasOptionalElements ? "?" : "")
    return (isList ? "[\(element)]" : element) + (isOptional ? "?" : "")
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
