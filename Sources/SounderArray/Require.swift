/// Ends the program with a message when a programmer's assumption does not hold.
///
/// `precondition` prints nothing in release builds; this does. Conditions of the world (files,
/// configurations, peers) throw instead.
@inlinable
public func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if _fastPath(condition()) { return }
  failRequirement(message(), file, line)
}

@usableFromInline
@inline(never)
func failRequirement(_ message: String, _ file: StaticString, _ line: UInt) -> Never {
  fatalError(message, file: file, line: line)
}
