import SchemaLanguage

/// The text of the declaration file, for positions inside scalars.
///
/// YAML's marks give the start of a scalar only, and folding moves what is inside. So a word inside is
/// found by looking for it in the file from there on.
struct SourceText {
  private let lines: [[Unicode.Scalar]]

  init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { Array($0.unicodeScalars) }
  }

  /// Where `word` occurs for the `occurrence`-th time (from zero) after `start`; `start` if nowhere.
  func position(of word: String, occurrence: Int = 0, after start: Position) -> Position {
    let wanted = Array(word.unicodeScalars)
    var left = occurrence
    var column = start.column - 1
    for line in max(start.line - 1, 0)..<max(lines.count, start.line - 1) {
      let text = lines[line]
      while column + wanted.count <= text.count {
        if matches(text, wanted, at: column) {
          if left == 0 { return Position(line: line + 1, column: column + 1) }
          left -= 1
        }
        column += 1
      }
      column = 0
    }
    return start
  }

  private func matches(_ text: [Unicode.Scalar], _ wanted: [Unicode.Scalar], at start: Int) -> Bool
  {
    let end = start + wanted.count
    guard Array(text[start..<end]) == wanted else { return false }
    return !(start > 0 && text[start - 1].isIdentifierPart)
      && !(end < text.count && text[end].isIdentifierPart)
  }
}

/// A scalar of the file and where it starts.
struct Located: Equatable {
  let text: String
  let position: Position
}
