/// A line of a program, for messages about what was registered there.
struct SourcePlace: Sendable, CustomStringConvertible {
  let file: StaticString
  let line: UInt

  var description: String { "\(file):\(line)" }
}
