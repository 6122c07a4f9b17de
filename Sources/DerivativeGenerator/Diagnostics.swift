/// A place in a file, counted from one.
struct Position: Hashable, Comparable {
  var line: Int
  var column: Int

  static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// One thing that is wrong, where it is wrong, and what to do about it.
struct Diagnostic: CustomStringConvertible, Equatable {
  let file: String
  let position: Position
  let message: String

  var description: String { "\(file):\(position.line):\(position.column): error: \(message)" }
}

/// Collects everything that is wrong, so that one run reports it all.
final class Diagnostics {
  let file: String
  private(set) var errors: [Diagnostic] = []

  init(file: String) { self.file = file }

  func error(_ message: String, at position: Position) {
    let diagnostic = Diagnostic(file: file, position: position, message: message)
    if !errors.contains(diagnostic) { errors.append(diagnostic) }
  }

  /// The errors in the order of the file.
  var sorted: [Diagnostic] { errors.sorted { $0.position < $1.position } }
}

/// Suggests what a misspelt name may have meant: `; did you mean 'dim'?`, or nothing.
func suggestion(for name: String, among candidates: some Sequence<String>) -> String {
  let limit = max(1, name.count / 3)
  let close = candidates.map { ($0, editDistance(name, $0)) }.filter { $0.1 <= limit }
  guard let best = close.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { return "" }
  return "; did you mean '\(best.0)'?"
}

/// The number of insertions, deletions, substitutions and swaps of neighbours between two names.
func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a.lowercased())
  let b = Array(b.lowercased())
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1]
    for j in b.indices {
      var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, current[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, beforeLast[j - 1] + 1)
      }
      current.append(cost)
    }
    (beforeLast, last) = (last, current)
  }
  return last[b.count]
}
