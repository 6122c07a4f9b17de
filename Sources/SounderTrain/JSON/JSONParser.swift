/// A mistake in a JSON document.
public struct JSONError: Error, CustomStringConvertible, Equatable {
  /// The position, in bytes from the start.
  public let offset: Int
  /// What is wrong.
  public let problem: String
  /// One line that says both.
  public var description: String { "invalid JSON at byte \(offset): \(problem)" }
}

extension JSONValue {
  /// Reads a document; strictly RFC 8259, with duplicate members refused.
  ///
  /// - Throws: ``JSONError`` with the byte where the document stops making sense.
  public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    var parser = JSONParser(Array(bytes))
    self = try parser.document()
  }
}

/// A recursive-descent reader of bytes.
private struct JSONParser {
  /// Deeper documents are refused, so that a hostile one cannot overflow the stack.
  static let maximumDepth = 128

  let bytes: [UInt8]
  var position = 0
  var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSONValue {
    let result = try value()
    skipSpace()
    if position < bytes.count { throw error("unexpected bytes after the document") }
    return result
  }

  private func error(_ problem: String) -> JSONError {
    JSONError(offset: position, problem: problem)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    switch next {
    case nil: throw error("the document ends early")
    case UInt8(ascii: "{"): return .object(try nested { p throws(JSONError) in try p.object() })
    case UInt8(ascii: "["): return .array(try nested { p throws(JSONError) in try p.array() })
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return try number()
    }
  }

  private mutating func nested<Result>(
    _ body: (inout Self) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    depth += 1
    if depth > Self.maximumDepth { throw error("more than \(Self.maximumDepth) levels") }
    position += 1
    let result = try body(&self)
    depth -= 1
    return result
  }

  private mutating func literal(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[position...].starts(with: text.utf8) else { throw error("unknown word") }
    position += text.utf8.count
    return value
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return elements }
    while true {
      elements.append(try value())
      skipSpace()
      if take("]") { return elements }
      guard take(",") else { throw error("expected ',' or ']'") }
    }
  }

  private mutating func object() throws(JSONError) -> JSONObject {
    var pairs: [(String, JSONValue)] = []
    var names: Set<String> = []
    skipSpace()
    if take("}") { return JSONObject() }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("expected a member's name") }
      let start = position
      let name = try string()
      guard names.insert(name).inserted else {
        position = start
        throw error("duplicate member '\(name)'")
      }
      skipSpace()
      guard take(":") else { throw error("expected ':'") }
      pairs.append((name, try value()))
      skipSpace()
      if take("}") { return JSONObject(pairs) }
      guard take(",") else { throw error("expected ',' or '}'") }
    }
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else {
          throw error("a string that is not UTF-8")
        }
        position += 1
        return text
      case UInt8(ascii: "\\"): content.append(contentsOf: try escape())
      case 0..<0x20: throw error("a control character in a string")
      default:
        content.append(byte)
        position += 1
      }
    }
    throw error("a string without end")
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    position += 1
    guard let byte = next else { throw error("a string without end") }
    position += 1
    switch Unicode.Scalar(byte) {
    case "\"", "\\", "/": return [byte]
    case "b": return [8]
    case "f": return [12]
    case "n": return [10]
    case "r": return [13]
    case "t": return [9]
    case "u":
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw error("unknown escape")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("a string without end") }
    var code: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw error("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
    }
    position += 4
    return code
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    var isWhole = true
    _ = take("-")
    let leadingZero = take("0")
    if !leadingZero { try digits() }
    if take(".") {
      isWhole = false
      try digits()
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw error("a number out of range") }
    return .number(number)
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    if position == start { throw error("unexpected character") }
  }
}
