/// What is wrong with a schema, and how far into it.
struct SchemaError: Error {
  let message: String
  let offset: Int
}

/// Reads an operator's declaration in PyTorch's form.
struct SchemaParser {
  private let text: String
  private let scalars: [Unicode.Scalar]
  private var index = 0

  static func parse(_ text: String) throws(SchemaError) -> Schema {
    var parser = SchemaParser(text)
    return try parser.schema()
  }

  private init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  private mutating func schema() throws(SchemaError) -> Schema {
    let name = try qualifiedName()
    let overload = accept(".") ? try identifier("an overload name after '.'") : ""
    try expect("(", "before the arguments")
    let arguments = try arguments()
    skipSpace()
    guard accept("-"), accept(">") else { throw expected("'->' and the results") }
    let returns = try returns()
    skipSpace()
    if index < scalars.count { throw expected("the end of the schema") }
    return Schema(
      text: text, name: name, overload: overload, arguments: arguments, returns: returns)
  }

  /// A name with its namespace, `linalg.inv`; what follows another name is its overload.
  private mutating func qualifiedName() throws(SchemaError) -> String {
    var name = try identifier("an operator name such as 'mul.Tensor'")
    while ["nn", "nn.functional", "linalg"].contains(name), accept(".") {
      name += "." + (try identifier("a name after '\(name).'"))
    }
    return name
  }

  private mutating func arguments() throws(SchemaError) -> [Argument] {
    var result: [Argument] = []
    var keywordOnly = false
    skipSpace()
    if accept(")") { return result }
    repeat {
      skipSpace()
      if accept("*") {
        if keywordOnly { throw SchemaError(message: "schema: a second '*'", offset: index - 1) }
        keywordOnly = true
        continue
      }
      let argument = try argument(keywordOnly: keywordOnly)
      if result.contains(where: { $0.name == argument.name }) {
        throw SchemaError(
          message: "schema: a second argument '\(argument.name)'", offset: index - 1)
      }
      if !keywordOnly, argument.defaultValue == nil, result.last?.defaultValue != nil {
        throw SchemaError(
          message:
            "schema: argument '\(argument.name)' without a default follows one with a default",
          offset: index - 1)
      }
      result.append(argument)
      skipSpace()
    } while accept(",")
    try expect(")", "or ',' after an argument")
    return result
  }

  private mutating func argument(keywordOnly: Bool) throws(SchemaError) -> Argument {
    let type = try type()
    let name = try identifier("an argument name after the type '\(type.spelling)'")
    guard accept("=") else {
      return Argument(name: name, type: type, defaultValue: nil, isKeywordOnly: keywordOnly)
    }
    let start = index
    var value = try literal()
    if type.isList, value != .none, !value.isList {
      value = .list(Array(repeating: value, count: type.length ?? 1))
    }
    guard value.fits(type) else {
      throw SchemaError(
        message: "schema: the default of '\(name)' is not of type \(type.spelling)", offset: start)
    }
    return Argument(name: name, type: type, defaultValue: value, isKeywordOnly: keywordOnly)
  }

  private mutating func type() throws(SchemaError) -> ArgumentType {
    skipSpace()
    let start = index
    let known = ArgumentType.Base.allCases.filter { $0 != .intList }.map(\.rawValue)
    let word = try identifier("a type (\(known.joined(separator: ", ")))")
    guard let base = ArgumentType.Base(rawValue: word) else {
      throw SchemaError(
        message: "schema: unknown type '\(word)', expected one of "
          + known.joined(separator: ", ") + suggestion(for: word, among: known), offset: start)
    }
    var type = ArgumentType(base: base)
    if accept("(") { while index < scalars.count, !accept(")") { index += 1 } }
    type.isOptional = accept("?")
    if accept("[") {
      let digits = index
      while let scalar = peek, ("0"..."9").contains(scalar) { index += 1 }
      type.length = Int(string(digits..<index))
      try expect("]", "to close the list type")
      type.isList = true
      if base == .int, accept("[") {
        try expect("]", "to close the list type")
        type.base = .intList
      }
      type.hasOptionalElements = type.isOptional
      type.isOptional = accept("?")
    }
    return type
  }

  private mutating func returns() throws(SchemaError) -> [Return] {
    skipSpace()
    guard accept("(") else { return [try oneReturn()] }
    var result: [Return] = []
    skipSpace()
    if accept(")") { return result }
    repeat { result.append(try oneReturn()) } while accept(",")
    try expect(")", "or ',' after a result")
    return result
  }

  private mutating func oneReturn() throws(SchemaError) -> Return {
    skipSpace()
    let start = index
    let type = try type()
    guard type.base == .tensor, !type.isOptional, !type.hasOptionalElements else {
      throw SchemaError(
        message: "schema: a result must be of type Tensor or Tensor[]", offset: start)
    }
    skipSpace()
    let isNamed = peek?.isIdentifierStart ?? false
    return Return(name: isNamed ? try identifier("a result's name") : nil, isList: type.isList)
  }

  private mutating func literal() throws(SchemaError) -> Literal {
    skipSpace()
    if accept("[") {
      var elements: [Literal] = []
      skipSpace()
      if accept("]") { return .list(elements) }
      repeat {
        elements.append(try literal())
        skipSpace()
      } while accept(",")
      try expect("]", "to close the list")
      return .list(elements)
    }
    if let quote = peek, quote == "'" || quote == "\"" {
      index += 1
      let start = index
      while let scalar = peek, scalar != quote { index += 1 }
      let value = string(start..<index)
      guard accept(quote) else { throw expected("a closing quote") }
      return .string(value)
    }
    let start = index
    while let scalar = peek, !",)] ".unicodeScalars.contains(scalar) { index += 1 }
    guard let value = Literal(word: string(start..<index)) else {
      index = start
      throw expected("a default value")
    }
    return value
  }

  private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private mutating func skipSpace() { while peek == " " || peek == "\n" { index += 1 } }

  private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ scalar: Unicode.Scalar, _ purpose: String) throws(SchemaError) {
    skipSpace()
    if !accept(scalar) { throw expected("'\(scalar)' \(purpose)") }
  }

  private mutating func identifier(_ what: String) throws(SchemaError) -> String {
    skipSpace()
    let start = index
    guard let first = peek, first.isIdentifierStart else { throw expected(what) }
    while let scalar = peek, scalar.isIdentifierPart { index += 1 }
    return string(start..<index)
  }

  private func string(_ range: Range<Int>) -> String {
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars[range])
    return String(result)
  }

  private func expected(_ what: String) -> SchemaError {
    let found =
      index < scalars.count ? "'\(string(index..<min(index + 12, scalars.count)))'" : "the end"
    return SchemaError(message: "schema: expected \(what), found \(found)", offset: index)
  }
}

extension Literal {
  /// The value of an unquoted word: a number, `True`, `None`, or the name of an element type.
  init?(word: String) {
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
