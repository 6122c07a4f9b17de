extension JSONValue {
  /// The document on one line.
  public var compact: String {
    var text = ""
    write(into: &text, indentation: nil)
    return text
  }

  /// The document with one member a line.
  public var pretty: String {
    var text = ""
    write(into: &text, indentation: 0)
    return text + "\n"
  }

  /// A number in the shortest form that reads back as the same; `null` if it is not finite.
  static func format(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value == value.rounded(), abs(value) < 1e15 {
      return value == 0 && value.sign == .minus ? "-0.0" : String(Int(value))
    }
    return "\(value)"
  }

  /// A text as a JSON string, quotes included.
  static func quote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private func write(into text: inout String, indentation: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += Self.format(value)
    case .string(let value): text += Self.quote(value)
    case .array(let values):
      // Arrays of scalars stay on one line, which keeps shapes and histograms readable.
      let nested = values.contains { $0.array != nil || $0.object != nil }
      let inner = nested ? indentation.map { $0 + 2 } : nil
      Self.writeList(values, "[", "]", inner, into: &text) {
        $0.write(into: &$1, indentation: inner)
      }
    case .object(let object):
      let inner = indentation.map { $0 + 2 }
      Self.writeList(object.members, "{", "}", inner, into: &text) {
        $1 += Self.quote($0.name) + (inner == nil ? ":" : ": ")
        $0.value.write(into: &$1, indentation: inner)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], _ open: String, _ close: String, _ indentation: Int?,
    into text: inout String, _ body: (Element, inout String) -> Void
  ) {
    text += open
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      if let indentation { text += "\n" + String(repeating: " ", count: indentation) }
      body(element, &text)
    }
    if let indentation, !elements.isEmpty {
      text += "\n" + String(repeating: " ", count: indentation - 2)
    }
    text += close
  }
}
