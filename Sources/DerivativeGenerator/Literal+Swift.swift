import SchemaLanguage

extension Literal {
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
