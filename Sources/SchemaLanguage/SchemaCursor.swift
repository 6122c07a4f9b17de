/// A place in a schema's text, and what can be read from there.
struct SchemaCursor {
  private let scalars: [Unicode.Scalar]
  private(set) var index = 0

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  var isAtEnd: Bool { index == scalars.count }
  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  mutating func skipSpace() { while peek == " " || peek == "\n" { index += 1 } }

  mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    index += 1
    return true
  }

  mutating func expect(_ scalar: Unicode.Scalar, _ purpose: String) throws(SchemaError) {
    skipSpace()
    if !accept(scalar) { throw expected("'\(scalar)' \(purpose)") }
  }

  mutating func identifier(_ what: String) throws(SchemaError) -> String {
    skipSpace()
    guard let first = peek, first.isIdentifierStart else { throw expected(what) }
    return word { $0.isIdentifierPart }
  }

  /// The scalars from here on that belong to a word.
  mutating func word(_ belongs: (Unicode.Scalar) -> Bool) -> String {
    var result = String.UnicodeScalarView()
    while let scalar = peek, belongs(scalar) {
      result.append(scalar)
      index += 1
    }
    return String(result)
  }

  /// Goes back to a place that was read before.
  mutating func rewind(to place: Int) { index = place }

  func expected(_ what: String) -> SchemaError {
    var rest = String.UnicodeScalarView()
    rest.append(contentsOf: scalars[index...].prefix(12))
    let found = isAtEnd ? "the end" : "'\(String(rest))'"
    return SchemaError(message: "expected \(what), found \(found)", offset: index)
  }
}

extension Unicode.Scalar {
  /// Whether a name may begin with the scalar.
  package var isIdentifierStart: Bool { self == "_" || properties.isAlphabetic }
  /// Whether a name may go on with the scalar.
  package var isIdentifierPart: Bool { isIdentifierStart || ("0"..."9").contains(self) }
}
