import Yams

extension ConfigurationSource {
  /// The root node of a YAML text, or nil when the text holds none.
  ///
  /// - Throws: one diagnostic, at the place where the text stops being YAML.
  func compose(_ yaml: String) throws(ConfigurationError) -> Node? {
    if let alias = Self.excessiveAlias(in: yaml) {
      throw .invalid([error(alias, "more than \(Self.maximumAliasCount) aliases")])
    }
    if yaml.isEmpty { return nil }
    do { return try Yams.compose(yaml: yaml) } catch let problem as YamlError {
      throw .invalid([diagnostic(problem)])
    } catch { throw .invalid([self.error(.start, "not valid YAML")]) }
  }

  private func diagnostic(_ problem: YamlError) -> ConfigurationDiagnostic {
    switch problem {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let detail = context.map { ", \($0.text)" } ?? ""
      return error(TextPosition(mark), "not valid YAML: \(problem)\(detail)")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "'\($0.prefix(60))'" }.joined(separator: ", ")
      return error(TextPosition(context.mark), "duplicate key \(names)")
    case .reader(let problem, let offset, _, let yaml):
      return error(
        offset.map { Self.position(at: $0, in: yaml) } ?? .start, "not valid YAML: \(problem)")
    default: return error(.start, "not valid YAML")
    }
  }

  private static func position(at offset: Int, in text: String) -> TextPosition {
    let lines = text.prefix(offset).split(separator: "\n", omittingEmptySubsequences: false)
    return TextPosition(line: max(lines.count, 1), column: (lines.last?.count ?? 0) + 1)
  }

  /// More aliases are refused: each may stand for all before it, so that a few lines of them stand
  /// for terabytes, and keys made of them take as long to compare.
  private static let maximumAliasCount = 16

  /// Where the first alias beyond the limit stands; quoted text is counted too, which harms nobody.
  private static func excessiveAlias(in text: String) -> TextPosition? {
    var (line, column, count) = (1, 0, 0)
    var previous: Unicode.Scalar = "\n"
    for scalar in text.unicodeScalars {
      (line, column) = previous == "\n" ? (line + 1, 1) : (line, column + 1)
      if scalar == "*", " \t\r\n[{,:?-".unicodeScalars.contains(previous) {
        count += 1
        if count > maximumAliasCount { return TextPosition(line: line - 1, column: column) }
      }
      previous = scalar
    }
    return nil
  }
}
