import SchemaLanguage

/// A Swift expression of the declaration file, cut into tokens.
///
/// Only as much of Swift's grammar is understood as it takes to tell a name that stands for a value
/// from a member, a label, a called function and the inside of a string.
struct Formula: Equatable {
  let source: Located
  let tokens: [Token]

  init(_ source: Located) {
    self.source = source
    tokens = Tokenizer.tokens(of: source.text)
  }

  /// How the token at `index` is used.
  func role(at index: Int) -> Role {
    guard tokens[index].kind == .identifier else { return .other }
    let previous = text(index - 1)
    let next = text(index + 1)
    if previous == "." { return .member }
    if next == ":" && (previous == "(" || previous == ",") { return .label }
    if next == "(" && tokens[index + 1].trivia.isEmpty { return .function }
    return .value
  }

  /// The text of the token at `index`, empty outside the formula.
  func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

  /// How many earlier tokens of the formula have the text of the one at `index`.
  func occurrence(of index: Int) -> Int {
    tokens[..<index].count { $0.kind == .identifier && $0.text == tokens[index].text }
  }

  /// Names the formula introduces itself: closure parameters and `let`.
  var localNames: Set<String> {
    var names: Set<String> = []
    for index in tokens.indices {
      if ["let", "var", "for"].contains(text(index)) { names.insert(text(index + 1)) }
      guard text(index) == "in", tokens[index].kind == .identifier else { continue }
      var back = index - 1
      while back >= 0, tokens[back].kind == .identifier || text(back) == "," {
        if tokens[back].kind == .identifier { names.insert(text(back)) }
        back -= 1
      }
    }
    return names
  }
}

/// A token with the white space before it, so that joining all of them gives the text back.
struct Token: Equatable {
  enum Kind { case identifier, number, string, symbol }
  let kind: Kind
  let text: String
  let trivia: String
}

/// What an identifier stands for.
enum Role { case value, member, label, function, other }

/// Cuts Swift expressions into tokens.
struct Tokenizer {
  private let scalars: [Unicode.Scalar]
  private var index = 0

  static func tokens(of text: String) -> [Token] {
    var tokenizer = Tokenizer(scalars: Array(text.unicodeScalars))
    var tokens: [Token] = []
    while let token = tokenizer.next() { tokens.append(token) }
    return tokens
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private mutating func next() -> Token? {
    let start = index
    while index < scalars.count, scalars[index].properties.isWhitespace { index += 1 }
    let trivia = string(start..<index)
    guard index < scalars.count else { return nil }
    let first = index
    let kind = advance()
    return Token(kind: kind, text: string(first..<index), trivia: trivia)
  }

  private mutating func advance() -> Token.Kind {
    let scalar = scalars[index]
    index += 1
    switch scalar {
    case "\"":
      while index < scalars.count, scalars[index] != "\"" {
        index += scalars[index] == "\\" ? 2 : 1
      }
      index = min(index + 1, scalars.count)
      return .string
    case "$":
      skip { $0.isIdentifierPart }
      return .symbol
    case "`":
      skip { $0.isIdentifierPart }
      index = min(index + 1, scalars.count)
      return .symbol
    case _ where scalar.isIdentifierStart:
      skip { $0.isIdentifierPart }
      return .identifier
    case "0"..."9":
      number()
      return .number
    case _ where Self.operators.contains(scalar):
      // A lone `?` or `!` binds to what is before it: `x?.shape` is three tokens.
      let isPostfix = scalar == "?" || scalar == "!"
      if isPostfix, index < scalars.count, scalars[index] == "." { return .symbol }
      skip { Self.operators.contains($0) }
      return .symbol
    default:
      return .symbol
    }
  }

  private mutating func number() {
    while index < scalars.count {
      let scalar = scalars[index]
      let isFraction =
        scalar == "." && index + 1 < scalars.count && ("0"..."9").contains(scalars[index + 1])
      let isExponentSign =
        (scalar == "-" || scalar == "+") && ["e", "E"].contains(scalars[index - 1])
      guard scalar.isIdentifierPart || isFraction || isExponentSign else { return }
      index += 1
    }
  }

  private mutating func skip(while condition: (Unicode.Scalar) -> Bool) {
    while index < scalars.count, condition(scalars[index]) { index += 1 }
  }

  private func string(_ range: Range<Int>) -> String {
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars[range])
    return String(result)
  }

  private static let operators = Set("+-*/%<>=!&|^~?.".unicodeScalars)
}
