/// A value written in a schema or a sample.
indirect enum Literal: Equatable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([Literal])

  /// Whether the value is a list.
  var isList: Bool { if case .list = self { true } else { false } }

  /// Whether the value may be passed for an argument of the given type.
  func fits(_ type: ArgumentType) -> Bool {
    if self == .none { return type.isOptional }
    if type.isList {
      guard case .list(let elements) = self else { return false }
      return elements.allSatisfy { $0.fitsElement(type) }
    }
    return fitsBase(type.base)
  }

  private func fitsElement(_ type: ArgumentType) -> Bool {
    self == .none ? type.hasOptionalElements : fitsBase(type.base)
  }

  private func fitsBase(_ base: ArgumentType.Base) -> Bool {
    switch (self, base) {
    case (.bool, .bool), (.bool, .scalar), (.int, .int), (.int, .float), (.int, .scalar),
      (.float, .float), (.float, .scalar), (.string, .string), (.int, .stream), (.int, .index):
      true
    case (.string(let name), .dtype): dtypeNames.contains(name)
    case (.list(let elements), .intList): elements.allSatisfy { $0.fitsBase(.int) }
    default: false
    }
  }

  /// The value in Swift, for an argument of the given type.
  func swift(_ type: ArgumentType) -> String {
    switch self {
    case .none: "nil"
    case .bool(let value): "\(value)"
    case .int(let value):
      type.base == .stream ? "RandomStream(seed: \(value), stream: 0)" : "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): type.base == .dtype ? ".\(value)" : quoted(value)
    case .list(let elements): "[" + elements.map { $0.swift(type) }.joined(separator: ", ") + "]"
    }
  }

  /// The value as an `OperatorArgument` in Swift, for an argument of the given type.
  func operatorArgument(_ type: ArgumentType) -> String {
    switch self {
    case .none: ".absent"
    case .bool(let value): ".scalar(.bool(\(value)))"
    case .int(let value):
      switch type.base {
      case .stream: ".stream(RandomStream(seed: \(value), stream: 0))"
      case .float: ".scalar(.float(\(value)))"
      default: ".scalar(.int(\(value)))"
      }
    case .float(let value): ".scalar(.float(\(value)))"
    case .string(let value): type.base == .dtype ? ".dtype(.\(value))" : ".string(\(quoted(value)))"
    case .list(let elements):
      ".list([" + elements.map { $0.operatorArgument(type) }.joined(separator: ", ") + "])"
    }
  }
}

/// The element types an argument of type `ScalarType` may name.
let dtypeNames: Set = [
  "bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
  "complex128",
]

/// A Swift string literal.
func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case "\n": result += "\\n"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
