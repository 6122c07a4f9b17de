import SchemaLanguage
import SounderArray

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

extension OperatorSchema {
  /// Reads the schema of an operator that a user registers: `my::scale(Tensor x, float s=1) -> Tensor`.
  init(parsing text: String) throws(SchemaError) {
    let schema = try SchemaParser.parse(text, .registered)
    self.text = text
    name = schema.name
    overload = schema.overload
    parameters = schema.arguments.map { argument in
      OperatorParameter(
        argument.name, .init(argument.type.base), isList: argument.type.isList,
        length: argument.type.length, hasOptionalElements: argument.type.hasOptionalElements,
        isOptional: argument.type.isOptional,
        defaultValue: argument.defaultValue.map { OperatorArgument($0, of: argument.type.base) },
        isDifferentiable: argument.type.isTensor)
    }
    results = schema.returns.map { Result(name: $0.name, kind: .init($0.base), isList: $0.isList) }
  }
}

extension OperatorParameter.Kind {
  fileprivate init(_ base: ArgumentType.Base) {
    self =
      switch base {
      case .tensor: .tensor
      case .scalar: .scalar
      case .int: .int
      case .float: .float
      case .bool: .bool
      case .string: .string
      case .dtype: .dtype
      case .stream: .stream
      case .index: .index
      case .intList: .intList
      }
  }
}

extension OperatorArgument {
  /// A default value of a parameter of the given type, which it fits.
  fileprivate init(_ literal: Literal, of base: ArgumentType.Base) {
    self =
      switch literal {
      case .none: .absent
      case .bool(let value): .scalar(.bool(value))
      case .int(let value):
        base == .stream
          ? .stream(RandomStream(seed: UInt64(bitPattern: Int64(value)), stream: 0))
          : .scalar(.int(value))
      case .float(let value): .scalar(.float(value))
      case .string(let value):
        base == .dtype ? DType(name: value).map { .dtype($0) } ?? .absent : .string(value)
      case .list(let elements): .list(elements.map { OperatorArgument($0, of: base) })
      }
  }
}
