/// Reads an operator's declaration in PyTorch's form.
package struct SchemaParser {
  private let text: String
  private let dialect: SchemaDialect
  private var cursor: SchemaCursor

  /// Reads a whole declaration.
  package static func parse(
    _ text: String, _ dialect: SchemaDialect = .declared
  ) throws(SchemaError) -> Schema {
    var parser = SchemaParser(text, dialect)
    return try parser.schema()
  }

  private init(_ text: String, _ dialect: SchemaDialect) {
    self.text = text
    self.dialect = dialect
    cursor = SchemaCursor(text)
  }

  private mutating func schema() throws(SchemaError) -> Schema {
    let name = dialect == .declared ? try libraryName() : try registeredName()
    let overload = cursor.accept(".") ? try cursor.identifier("an overload name after '.'") : ""
    try cursor.expect("(", "before the arguments")
    let arguments = try arguments()
    cursor.skipSpace()
    guard cursor.accept("-"), cursor.accept(">") else {
      throw cursor.expected("'->' and the results")
    }
    let returns = try returns()
    cursor.skipSpace()
    if !cursor.isAtEnd { throw cursor.expected("the end of the schema") }
    return Schema(
      text: text, name: name, overload: overload, arguments: arguments, returns: returns)
  }

  /// A name of the library with its namespace, `linalg.inv`; what follows another name is its overload.
  private mutating func libraryName() throws(SchemaError) -> String {
    var name = try cursor.identifier("an operator name such as 'mul.Tensor'")
    while ["nn", "nn.functional", "linalg"].contains(name), cursor.accept(".") {
      name += "." + (try cursor.identifier("a name after '\(name).'"))
    }
    return name
  }

  /// A user's name, `my::scale`.
  private mutating func registeredName() throws(SchemaError) -> String {
    let space = try cursor.identifier("a namespace and a name such as 'my::scale'")
    guard cursor.accept(":"), cursor.accept(":") else {
      throw cursor.expected("'::' after the namespace '\(space)', as in '\(space)::scale'")
    }
    return "\(space)::" + (try cursor.identifier("an operator name after '\(space)::'"))
  }

  private mutating func arguments() throws(SchemaError) -> [Argument] {
    var result: [Argument] = []
    var keywordOnly = false
    cursor.skipSpace()
    if cursor.accept(")") { return result }
    repeat {
      cursor.skipSpace()
      if cursor.accept("*") {
        if keywordOnly { throw SchemaError(message: "a second '*'", offset: cursor.index - 1) }
        keywordOnly = true
        continue
      }
      result.append(try argument(keywordOnly: keywordOnly, after: result))
      cursor.skipSpace()
    } while cursor.accept(",")
    try cursor.expect(")", "or ',' after an argument")
    return result
  }

  private mutating func argument(
    keywordOnly: Bool, after others: [Argument]
  ) throws(SchemaError) -> Argument {
    let type = try type()
    cursor.skipSpace()
    let place = cursor.index
    let name = try cursor.identifier("an argument name after the type '\(type.spelling)'")
    if others.contains(where: { $0.name == name }) {
      throw SchemaError(message: "a second argument '\(name)'", offset: place)
    }
    guard cursor.accept("=") else {
      if !keywordOnly, others.last?.defaultValue != nil {
        throw SchemaError(
          message: "argument '\(name)' without a default follows one with a default",
          offset: place)
      }
      return Argument(name: name, type: type, defaultValue: nil, isKeywordOnly: keywordOnly)
    }
    let start = cursor.index
    var value = try literal()
    if type.isList, value != .none, !value.isList {
      value = .list(Array(repeating: value, count: type.length ?? 1))
    }
    guard value.fits(type) else {
      throw SchemaError(
        message: "the default of '\(name)' is not of type \(type.spelling)", offset: start)
    }
    return Argument(name: name, type: type, defaultValue: value, isKeywordOnly: keywordOnly)
  }

  private mutating func type() throws(SchemaError) -> ArgumentType {
    var type = ArgumentType(base: try base())
    type.isOptional = cursor.accept("?")
    if cursor.accept("[") {
      type.length = Int(cursor.word { ("0"..."9").contains($0) })
      try cursor.expect("]", "to close the list type")
      type.isList = true
      if dialect == .declared, type.base == .int, cursor.accept("[") {
        try cursor.expect("]", "to close the list type")
        type.base = .intList
      }
      type.hasOptionalElements = type.isOptional
      type.isOptional = cursor.accept("?")
    }
    return type
  }

  private mutating func base() throws(SchemaError) -> ArgumentType.Base {
    cursor.skipSpace()
    let start = cursor.index
    let known = dialect.bases.map(\.rawValue)
    let word = try cursor.identifier("a type (\(known.joined(separator: ", ")))")
    guard known.contains(word), let base = ArgumentType.Base(rawValue: word) else {
      throw SchemaError(
        message: "unknown type '\(word)', expected one of " + known.joined(separator: ", "),
        offset: start, misspelt: (word, known))
    }
    if dialect == .registered, cursor.peek == "(" {
      throw SchemaError(
        message: "a registered operator is purely functional: it changes and returns none of its "
          + "arguments, so '\(word)(…)' has no place", offset: cursor.index)
    }
    if cursor.accept("(") {
      _ = cursor.word { $0 != ")" }
      _ = cursor.accept(")")
    }
    return base
  }

  private mutating func returns() throws(SchemaError) -> [Return] {
    cursor.skipSpace()
    let start = cursor.index
    guard cursor.accept("(") else { return [try oneReturn()] }
    var result: [Return] = []
    cursor.skipSpace()
    if cursor.accept(")") {
      if dialect == .declared { return result }
      throw SchemaError(message: "an operator returns at least one result", offset: start)
    }
    repeat { result.append(try oneReturn()) } while cursor.accept(",")
    try cursor.expect(")", "or ',' after a result")
    return result
  }

  private mutating func oneReturn() throws(SchemaError) -> Return {
    cursor.skipSpace()
    let start = cursor.index
    let type = try type()
    guard dialect.allows(result: type) else {
      throw SchemaError(message: "a result \(dialect.resultRule)", offset: start)
    }
    cursor.skipSpace()
    let isNamed = cursor.peek?.isIdentifierStart ?? false
    return Return(
      name: isNamed ? try cursor.identifier("a result's name") : nil, base: type.base,
      isList: type.isList)
  }

  private mutating func literal() throws(SchemaError) -> Literal {
    cursor.skipSpace()
    if cursor.accept("[") {
      var elements: [Literal] = []
      cursor.skipSpace()
      if cursor.accept("]") { return .list(elements) }
      repeat {
        elements.append(try literal())
        cursor.skipSpace()
      } while cursor.accept(",")
      try cursor.expect("]", "to close the list")
      return .list(elements)
    }
    for quote: Unicode.Scalar in ["'", "\""] where cursor.accept(quote) {
      let value = cursor.word { $0 != quote }
      guard cursor.accept(quote) else { throw cursor.expected("a closing quote") }
      return .string(value)
    }
    let start = cursor.index
    let word = cursor.word { !",)] ".unicodeScalars.contains($0) }
    guard let value = Literal(word: word) else {
      cursor.rewind(to: start)
      throw cursor.expected("a default value")
    }
    return value
  }
}
