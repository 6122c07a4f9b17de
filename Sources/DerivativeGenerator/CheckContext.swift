/// What the checks need to report an error at its place.
struct CheckContext {
  let diagnostics: Diagnostics
  let source: SourceText

  func error(_ message: String, at position: Position) { diagnostics.error(message, at: position) }

  /// Reports an error at a token of a formula.
  func error(_ message: String, in formula: Formula, at index: Int) {
    let position = source.position(
      of: formula.text(index), occurrence: formula.occurrence(of: index),
      after: formula.source.position)
    diagnostics.error(message, at: position)
  }
}
