/// A value written in a schema or a sample.
package indirect enum Literal: Equatable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([Literal])

  /// Whether the value is a list.
  package var isList: Bool { if case .list = self { true } else { false } }

  /// Whether the value may be passed for an argument of the given type.
  package func fits(_ type: ArgumentType) -> Bool {
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
}

extension Literal {
  /// The value of an unquoted word: a number, `True`, `None`, or the name of an element type.
  package init?(word: String) {
    switch word {
    case "None", "null", "nil", "~": self = .none
    case "True", "true": self = .bool(true)
    case "False", "false": self = .bool(false)
    default:
      if let value = Int(word) {
        self = .int(value)
      } else if let value = Double(word), value.isFinite {
        self = .float(value)
      } else if let first = word.unicodeScalars.first, first.isIdentifierStart {
        self = .string(word)
      } else {
        return nil
      }
    }
  }
}

/// The element types an argument of type `ScalarType` may name.
package let dtypeNames: Set = [
  "bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
  "complex128",
]
