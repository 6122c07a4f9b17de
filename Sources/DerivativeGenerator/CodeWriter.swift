/// Swift text with its indentation.
struct CodeWriter {
  private(set) var text = ""
  private var depth = 0

  /// Adds lines at the current depth.
  mutating func line(_ lines: String) {
    for line in lines.split(separator: "\n", omittingEmptySubsequences: false) {
      text += line.isEmpty ? "\n" : String(repeating: "  ", count: depth) + line + "\n"
    }
  }

  /// Adds `head {`, what `body` writes one level deeper, and `}`.
  mutating func block(_ head: String, _ body: (inout CodeWriter) -> Void) {
    line(head + " {")
    depth += 1
    body(&self)
    depth -= 1
    line("}")
  }

  /// Adds a formula under its own place in the declaration file, where the compiler's complaints about
  /// it then point.
  mutating func formula(_ source: Located, file: String, _ lines: String) {
    text += "#sourceLocation(file: \(quoted(file)), line: \(source.position.line))\n"
    line(lines)
    text += "#sourceLocation()\n"
  }

  /// Adds a call with its arguments on one line, or on one line each if it is long.
  mutating func call(_ head: String, _ arguments: [String], _ tail: String = ")") {
    let flat = "\(head)(\(arguments.joined(separator: ", "))\(tail)"
    if flat.count + 2 * depth <= 100 { return line(flat) }
    line("\(head)(")
    line(arguments.map { "  " + $0 }.joined(separator: ",\n") + tail)
  }
}
