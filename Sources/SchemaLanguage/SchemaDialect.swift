/// Whose declarations are read: the language is one, what it may say differs.
package enum SchemaDialect: Sendable {
  /// Those of the library, in derivatives.yaml: `linalg.inv(Tensor self) -> Tensor`.
  case declared
  /// Those that users register while a program runs: `my::scale(Tensor x, float s=1) -> Tensor`. Results may be
  /// numbers, and nothing is changed in place or shared.
  case registered

  /// The types that arguments may have.
  var bases: [ArgumentType.Base] {
    let all = ArgumentType.Base.allCases.filter { $0 != .intList }
    return self == .declared ? all : all.filter { $0 != .index }
  }

  func allows(result type: ArgumentType) -> Bool {
    guard !type.isOptional, !type.hasOptionalElements else { return false }
    if type.base == .tensor { return true }
    return self == .registered && !type.isList
      && [.int, .bool, .float, .scalar].contains(type.base)
  }

  var resultRule: String {
    self == .declared
      ? "must be of type Tensor or Tensor[]"
      : "is a Tensor, Tensor[], int, bool, float or Scalar"
  }
}

/// What is wrong with a schema, and how far into it.
package struct SchemaError: Error {
  /// What is wrong, in words.
  package let message: String
  /// Characters from the start of the schema.
  package let offset: Int
  /// A name that is unknown, and the known ones.
  package var misspelt: (name: String, known: [String])?
}
