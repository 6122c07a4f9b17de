import SounderArray

/// Reads the schema of an operator that a user registers: `my::scale(Tensor x, float s=1) -> Tensor`.
///
/// The language is that of derivatives.yaml, whose own reader runs when the package is built. Here names
/// have a namespace, results may be numbers, and nothing may be changed in place or shared.
struct OperatorSchemaParser {
  private let text: String
  private let scalars: [Unicode.Scalar]
  private var index = 0

  static func parse(_ text: String) throws(OperatorSchemaError) -> OperatorSchema {
    var parser = OperatorSchemaParser(text)
    return try parser.schema()
  }

  private init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  private mutating func schema() throws(OperatorSchemaError) -> OperatorSchema {
    let space = try identifier("a namespace and a name such as 'my::scale'")
    guard accept(":"), accept(":") else {
      throw expected("'::' after the namespace '\(space)', as in '\(space)::scale'")
    }
    let name = "\(space)::" + (try identifier("an operator name after '\(space)::'"))
    let overload = accept(".") ? try identifier("an overload name after '.'") : ""
    try expect("(", "before the arguments")
    let parameters = try parameters()
    skipSpace()
    guard accept("-"), accept(">") else { throw expected("'->' and the results") }
    let results = try results()
    skipSpace()
    if index < scalars.count { throw expected("the end of the schema") }
    return OperatorSchema(
      text: text, name: name, overload: overload, parameters: parameters, results: results)
  }

  private mutating func parameters() throws(OperatorSchemaError) -> [OperatorParameter] {
    var result: [OperatorParameter] = []
    skipSpace()
    if accept(")") { return result }
    repeat {
      skipSpace()
      if accept("*") { continue }
      let start = index
      let parameter = try parameter()
      if result.contains(where: { $0.name == parameter.name }) {
        throw OperatorSchemaError(problem: "a second argument '\(parameter.name)'", offset: start)
      }
      if parameter.defaultValue == nil, result.last?.defaultValue != nil {
        throw OperatorSchemaError(
          problem: "argument '\(parameter.name)' without a default follows one with a default",
          offset: start)
      }
      result.append(parameter)
      skipSpace()
    } while accept(",")
    try expect(")", "or ',' after an argument")
    return result
  }

  private mutating func parameter() throws(OperatorSchemaError) -> OperatorParameter {
    let kind = try kind()
    let isOptional = accept("?")
    var list: (length: Int?, isOptional: Bool)?
    if accept("[") {
      let length = Int(word { ("0"..."9").contains($0) })
      try expect("]", "to close the list type")
      list = (length, accept("?"))
    }
    let name = try identifier("an argument name after the type '\(kind.rawValue)'")
    func parameter(_ defaultValue: OperatorArgument?) -> OperatorParameter {
      OperatorParameter(
        name, kind, isList: list != nil, length: list?.length,
        hasOptionalElements: list != nil && isOptional,
        isOptional: list?.isOptional ?? isOptional, defaultValue: defaultValue,
        isDifferentiable: kind == .tensor)
    }
    guard accept("=") else { return parameter(nil) }
    let start = index
    let bare = parameter(nil)
    let value = bare.completed(try literal())
    guard bare.accepts(value) else {
      throw OperatorSchemaError(
        problem: "the default of '\(name)' is not of type \(bare.type)", offset: start)
    }
    return parameter(value)
  }

  private mutating func kind() throws(OperatorSchemaError) -> OperatorParameter.Kind {
    skipSpace()
    let start = index
    let known: [OperatorParameter.Kind] = [
      .tensor, .scalar, .int, .float, .bool, .string, .dtype, .stream,
    ]
    let names = known.map(\.rawValue).joined(separator: ", ")
    let word = try identifier("a type (\(names))")
    guard let kind = known.first(where: { $0.rawValue == word }) else {
      throw OperatorSchemaError(
        problem: "unknown type '\(word)', expected one of \(names)", offset: start)
    }
    if peek == "(" {
      throw OperatorSchemaError(
        problem: "a registered operator is purely functional: it changes and returns none of its "
          + "arguments, so '\(word)(…)' has no place", offset: index)
    }
    return kind
  }

  private mutating func results() throws(OperatorSchemaError) -> [OperatorSchema.Result] {
    skipSpace()
    let start = index
    guard accept("(") else { return [try result()] }
    skipSpace()
    if accept(")") {
      throw OperatorSchemaError(problem: "an operator returns at least one result", offset: start)
    }
    var all: [OperatorSchema.Result] = []
    repeat { all.append(try result()) } while accept(",")
    try expect(")", "or ',' after a result")
    return all
  }

  private mutating func result() throws(OperatorSchemaError) -> OperatorSchema.Result {
    skipSpace()
    let start = index
    let kind = try kind()
    let isList = accept("[")
    if isList { try expect("]", "to close the list type") }
    guard kind == .tensor || (!isList && [.int, .bool, .float, .scalar].contains(kind)) else {
      throw OperatorSchemaError(
        problem: "a result is a Tensor, Tensor[], int, bool, float or Scalar", offset: start)
    }
    skipSpace()
    let isNamed = peek?.properties.isXIDStart ?? false
    return OperatorSchema.Result(
      name: isNamed ? try identifier("a result's name") : nil, kind: kind, isList: isList)
  }

  private mutating func literal() throws(OperatorSchemaError) -> OperatorArgument {
    skipSpace()
    if accept("[") {
      var elements: [OperatorArgument] = []
      skipSpace()
      if accept("]") { return .list(elements) }
      repeat {
        elements.append(try literal())
        skipSpace()
      } while accept(",")
      try expect("]", "to close the list")
      return .list(elements)
    }
    for quote: Unicode.Scalar in ["'", "\""] where accept(quote) {
      let value = word { $0 != quote }
      guard accept(quote) else { throw expected("a closing quote") }
      return .string(value)
    }
    let start = index
    let value = word { !",)] ".unicodeScalars.contains($0) }
    if let value = Self.value(of: value) { return value }
    index = start
    throw expected("a default value")
  }

  private static func value(of word: String) -> OperatorArgument? {
    switch word {
    case "None", "nil": .absent
    case "True", "true": .scalar(.bool(true))
    case "False", "false": .scalar(.bool(false))
    default:
      Int(word).map { .scalar(.int($0)) } ?? Double(word).map { .scalar(.float($0)) }
        ?? DType(name: word).map { .dtype($0) }
    }
  }

  private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private mutating func skipSpace() { while peek == " " || peek == "\n" { index += 1 } }

  private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    index += 1
    return true
  }

  private mutating func expect(
    _ scalar: Unicode.Scalar, _ purpose: String
  ) throws(OperatorSchemaError) {
    skipSpace()
    if !accept(scalar) { throw expected("'\(scalar)' \(purpose)") }
  }

  private mutating func identifier(_ what: String) throws(OperatorSchemaError) -> String {
    skipSpace()
    guard let first = peek, first == "_" || first.properties.isXIDStart else {
      throw expected(what)
    }
    return word { $0.properties.isXIDContinue }
  }

  private mutating func word(_ belongs: (Unicode.Scalar) -> Bool) -> String {
    var result = String.UnicodeScalarView()
    while let scalar = peek, belongs(scalar) {
      result.append(scalar)
      index += 1
    }
    return String(result)
  }

  private func expected(_ what: String) -> OperatorSchemaError {
    var rest = String.UnicodeScalarView()
    rest.append(contentsOf: scalars[index...].prefix(12))
    let found = index < scalars.count ? "'\(String(rest))'" : "the end"
    return OperatorSchemaError(problem: "expected \(what), found \(found)", offset: index)
  }
}
