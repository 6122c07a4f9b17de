import SchemaLanguage
import Yams

/// The operators of a declaration file.
struct DeclarationFile {
  /// Reads and checks a file; what is wrong goes to `diagnostics`.
  static func entries(of text: String, _ diagnostics: Diagnostics) -> [Entry] {
    let context = CheckContext(diagnostics: diagnostics, source: SourceText(text))
    let start = Position(line: 1, column: 1)
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      report(error, context)
      return []
    }
    guard let root else { return [] }
    guard let list = root.sequence else {
      context.error("expected a list of operators ('- func: …')", at: root.position ?? start)
      return []
    }
    let entries = list.compactMap { EntryReader(context: context).entry($0) }
    let checked = entries.map { EntryChecker(context: context).check($0) }
    checkNames(checked, context)
    // An operator that is declared by hand wins over one that follows from another.
    let declared = Set(checked.map(\.schema.fullName))
    let twins = checked.flatMap(\.twins).filter { !declared.contains($0.schema.fullName) }
    return checked + twins
  }

  private static func report(_ error: any Error, _ context: CheckContext) {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _),
      YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      let hint =
        problem.contains("mapping values are not allowed")
        ? "; a value that contains ': ' must be quoted" : ""
      context.error(
        "YAML: \(problem)\(hint)", at: Position(line: mark.line, column: mark.column))
    case YamlError.duplicatedKeysInMapping(let keys, let place):
      context.error(
        "YAML: key '\(keys.joined(separator: "', '"))' occurs twice in an entry",
        at: Position(line: place.mark.line, column: place.mark.column))
    default:
      context.error("YAML: \(error)", at: Position(line: 1, column: 1))
    }
  }

  private static func checkNames(_ entries: [Entry], _ context: CheckContext) {
    var lines: [String: Int] = [:]
    for entry in entries {
      for name in entry.variants.map(entry.schema.fullName) {
        if let line = lines[name] {
          context.error(
            "operator '\(name)' is already declared in line \(line)", at: entry.position)
        }
        lines[name] = entry.position.line
      }
    }
  }
}

extension Node {
  /// Where the node starts.
  var position: Position? { mark.map { Position(line: $0.line, column: $0.column) } }
}
