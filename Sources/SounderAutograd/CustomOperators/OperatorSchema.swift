/// The declaration of an operator that a user registers, as it was read.
struct OperatorSchema: Sendable {
  /// One result.
  struct Result: Sendable {
    let name: String?
    /// What the result holds: tensors, or a number.
    let kind: OperatorParameter.Kind
    let isList: Bool

    var isTensor: Bool { kind == .tensor }
    var type: String { kind.rawValue + (isList ? "[]" : "") }

    /// Whether a value is of the result's type.
    func accepts(_ value: OperatorArgument) -> Bool {
      OperatorParameter("result", kind, isList: isList).accepts(value)
    }
  }

  let text: String
  /// With the namespace: `my::scale`.
  let name: String
  let overload: String
  let parameters: [OperatorParameter]
  let results: [Result]

  var fullName: String { overload.isEmpty ? name : "\(name).\(overload)" }
}

/// A mistake in a schema, in words, and where it is.
struct OperatorSchemaError: Error {
  let problem: String
  /// Characters from the start of the schema.
  let offset: Int
}
