/// The declaration of an operator: `mul.Tensor(Tensor self, Tensor other) -> Tensor`.
package struct Schema: Equatable {
  package var text: String
  /// With its namespace: `nn.functional.relu`, `linalg.inv`.
  package var name: String
  package var overload: String
  package var arguments: [Argument]
  package var returns: [Return]
  /// The Swift name, if the declaration gives one.
  package var swiftName: String?

  /// The name in the registry: `mul.Tensor`.
  package var fullName: String { overload.isEmpty ? name : "\(name).\(overload)" }
}

/// One argument of an operator.
package struct Argument: Equatable {
  package let name: String
  package var type: ArgumentType
  package let defaultValue: Literal?
  package let isKeywordOnly: Bool
}

/// One result of an operator.
package struct Return: Equatable {
  package let name: String?
  /// What the result, or each of its elements, is.
  package var base: ArgumentType.Base
  /// Whether the result is a list.
  package var isList: Bool

  /// A result, of one tensor if nothing else is said.
  package init(name: String?, base: ArgumentType.Base = .tensor, isList: Bool = false) {
    self.name = name
    self.base = base
    self.isList = isList
  }
}

/// The type of an argument: a base type, possibly optional, possibly a list.
package struct ArgumentType: Equatable {
  package enum Base: String, CaseIterable {
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

  package var base: Base
  package var isList = false
  /// The length of the list, if the schema fixes it: one number then stands for all.
  package var length: Int?
  package var hasOptionalElements = false
  package var isOptional = false

  /// Whether the argument holds tensors.
  package var isTensor: Bool { base == .tensor }

  /// The type as the schema spells it: `Tensor?[]`.
  package var spelling: String {
    let list = isList ? "[\(length.map(String.init) ?? "")]" : ""
    return base.rawValue + (hasOptionalElements ? "?" : "") + list + (isOptional ? "?" : "")
  }

  /// A type that is neither optional nor a list.
  package init(base: Base) { self.base = base }
}
