import Yams

/// Reads one YAML node as the value of a key.
///
/// Stricter than YAML's own rules where those surprise: `no` is a text, `010` is an error rather
/// than eight, and text in quotes is never a number.
struct ConfigurationScalar {
  /// Why a node is not a value of the wanted type.
  struct Mismatch: Error {
    var message: String
    var suggestion: String?
    var mark: Mark?
  }

  let node: Node

  /// The node as a value of a type.
  func value(as type: ValueType) throws(Mismatch) -> ConfigurationValue {
    switch type {
    case .optional(let inner): return isNull ? .null : try value(as: inner, stated: type)
    default: return try value(as: type, stated: type)
    }
  }

  /// - Parameter stated: the type that messages name; `type` may be one alternative of it.
  private func value(as type: ValueType, stated: ValueType) throws(Mismatch) -> ConfigurationValue {
    switch type {
    case .boolean:
      guard let text = plain else { throw mismatch(stated) }
      if ["true", "True", "TRUE"].contains(text) { return .bool(true) }
      if ["false", "False", "FALSE"].contains(text) { return .bool(false) }
      let meant = ["yes": "true", "on": "true", "no": "false", "off": "false"][text.lowercased()]
      throw mismatch(stated, suggestion: meant)
    case .integer(let range):
      let integer = try integer(stated)
      guard range.contains(integer) else { throw mismatch(stated) }
      return .integer(integer)
    case .number(let range):
      let number = try number(stated)
      guard range.contains(number) else { throw mismatch(stated) }
      return .number(number)
    case .string:
      guard let scalar = node.scalar, !isNull else { throw mismatch(stated) }
      return .string(scalar.string)
    case .choice(let words):
      guard let text = node.scalar?.string, words.contains(text) else {
        throw mismatch(
          stated,
          suggestion: node.scalar.flatMap { Spelling.nearest(to: $0.string, among: words) })
      }
      return .string(text)
    case .integers(let range, let count):
      return try integers(range, count, stated)
    // Lists of layers are read by LayerReader, which knows the places of their parts.
    case .layers: throw mismatch(stated)
    case .either(let a, let b):
      if let value = try? ConfigurationScalar(node: node).value(as: a, stated: stated) {
        return value
      }
      return try value(as: b, stated: stated)
    case .optional(let inner): return try value(as: inner, stated: stated)
    }
  }

  private func integers(
    _ range: ClosedRange<Int>, _ count: ClosedRange<Int>, _ type: ValueType
  ) throws(Mismatch) -> ConfigurationValue {
    guard let sequence = node.sequence else { throw mismatch(type) }
    guard count.contains(sequence.count) else {
      throw Mismatch(
        message: "has \(sequence.count) elements, expected \(count.lowerBound) to "
          + "\(count.upperBound)")
    }
    var values: [Int] = []
    for element in sequence {
      let scalar = ConfigurationScalar(node: element)
      let expected = ValueType.integer(range)
      let integer = try scalar.integer(expected)
      guard range.contains(integer) else { throw scalar.mismatch(expected) }
      values.append(integer)
    }
    return .integers(values)
  }

  /// The text of a scalar without quotes.
  private var plain: String? {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else {
      return nil
    }
    return scalar.string
  }

  var isNull: Bool {
    plain.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false
  }

  private func integer(_ type: ValueType) throws(Mismatch) -> Int {
    guard let text = plain else { throw mismatch(type) }
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : Substring(text)
    let isDecimal =
      digits.first?.isASCIIDigit == true && digits.allSatisfy { $0.isASCIIDigit || $0 == "_" }
    let ambiguous = digits.count > 1 && digits.first == "0"
    if isDecimal, !ambiguous, let value = Int(text.filter { $0 != "_" }) { return value }
    throw mismatch(type)
  }

  private func number(_ type: ValueType) throws(Mismatch) -> Double {
    guard let text = plain else { throw mismatch(type) }
    // Double("…") also reads "nan", "infinity" and hexadecimal, none of which a user means here.
    let isDecimal =
      text.contains(where: \.isASCIIDigit)
      && text.allSatisfy { $0.isASCIIDigit || "+-.eE_".contains($0) }
    guard isDecimal, let value = Double(text.filter { $0 != "_" }) else { throw mismatch(type) }
    guard value.isFinite else { throw mismatch(type) }
    return value
  }

  private func mismatch(_ type: ValueType, suggestion: String? = nil) -> Mismatch {
    Mismatch(
      message: "expected \(type.expectation), found \(found)", suggestion: suggestion,
      mark: node.mark)
  }

  /// The node in words.
  private var found: String {
    switch node {
    case .mapping: return "a mapping"
    case .sequence: return "a list"
    case .alias: return "an alias"
    case .scalar(let scalar):
      if isNull { return "nothing" }
      let printable = scalar.string.unicodeScalars.prefix(40).map {
        $0.properties.generalCategory == .control ? " " : String($0)
      }
      let text = printable.joined() + (scalar.string.unicodeScalars.count > 40 ? "…" : "")
      return plain == nil ? "the text '\(text)'" : "'\(text)'"
    }
  }
}

extension Character {
  /// Whether the character is one of 0…9.
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
