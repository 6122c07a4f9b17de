/// Walks through a formula and replaces the names that stand for values.
struct FormulaCursor {
  let formula: Formula
  private(set) var index = 0
  private(set) var failures: [(message: String, index: Int)] = []

  /// The formula with every value's name replaced by what `resolve` returns for it; names it returns
  /// nil for are reported as unknown, with `candidates`.
  static func rewrite(
    _ source: Located, candidates: [String], _ context: CheckContext,
    _ resolve: (String, inout FormulaCursor) -> String?
  ) -> String {
    var cursor = FormulaCursor(formula: Formula(source))
    let text = cursor.run(candidates, resolve)
    for failure in cursor.failures {
      context.error(failure.message, in: cursor.formula, at: failure.index)
    }
    return text
  }

  private mutating func run(
    _ candidates: [String], _ resolve: (String, inout FormulaCursor) -> String?
  ) -> String {
    let locals = formula.localNames
    var result = ""
    while index < formula.tokens.count {
      let token = formula.tokens[index]
      let start = index
      result += token.trivia
      if formula.role(at: index) == .value, !locals.contains(token.text) {
        if let replacement = resolve(token.text, &self) {
          result += replacement
          index += 1
          continue
        }
        if !isFree(token.text) {
          let shown = candidates.joined(separator: ", ")
          failures.append(
            (
              "unknown name '\(token.text)' in the formula"
                + suggestion(for: token.text, among: candidates) + " (known: \(shown))", start
            ))
        }
      }
      result += token.text
      index += 1
    }
    return result
  }

  /// Keywords and type names need no declaration.
  private func isFree(_ name: String) -> Bool {
    name != "self" && swiftKeywords.contains(name) || name == "_"
      || name.first?.isUppercase == true
  }

  /// Reports something wrong with the current token.
  mutating func fail(_ message: String) { failures.append((message, index)) }

  /// Consumes `.shape` or `?.shape` after the current token.
  mutating func takeProperty(ofList isList: Bool) -> Property? {
    let dot = formula.text(index + 1) == "?" ? index + 2 : index + 1
    guard formula.text(dot) == ".", formula.text(dot + 2) != "(",
      let property = Property(formula.text(dot + 1), ofList: isList)
    else { return nil }
    index = dot + 1
    return property
  }

  /// Consumes `.name` after the current token.
  mutating func takeMember() -> String? {
    guard formula.text(index + 1) == ".", formula.tokens.indices.contains(index + 2) else {
      return nil
    }
    index += 2
    return formula.text(index)
  }

  /// Consumes `[number]` after the current token.
  mutating func takeSubscript() -> Int? {
    guard formula.text(index + 1) == "[", let number = Int(formula.text(index + 2)),
      formula.text(index + 3) == "]"
    else { return nil }
    index += 3
    return number
  }
}
