import Foundation

/// Tells people, or programs, how a job is going.
///
/// On a terminal one line is redrawn at most ten times a second; elsewhere each report is a plain line.
/// With JSON output, standard output carries only JSON lines and people read standard error. Only
/// rank 0 has an audience: on other ranks everything here does nothing.
public final class ProgressReporter {
  /// How events are told.
  public enum Style: Sendable {
    /// Lines for people.
    case text
    /// JSON lines for programs, and lines for people on standard error.
    case json
  }

  private let style: Style
  private let isSpeaking: Bool
  private let terminal: Terminal
  private var lastDraw = -Double.infinity
  private var hasBar = false

  /// A reporter for a rank.
  public init(style: Style, rank: Int) {
    self.style = style
    isSpeaking = rank == 0
    terminal = Terminal(descriptor: style == .json ? STDERR_FILENO : STDOUT_FILENO)
  }

  /// Redraws the line of a terminal; call it as often as convenient.
  public func update(_ state: @autoclosure () -> ProgressState) {
    guard isSpeaking, terminal.isInteractive else { return }
    let now = ProcessInfo.processInfo.systemUptime
    guard now - lastDraw >= 0.1 else { return }
    lastDraw = now
    hasBar = true
    terminal.write("\r\u{1B}[2K" + ProgressFormat.bar(state(), width: terminal.width))
  }

  /// Reports a logged step.
  public func step(_ state: ProgressState) {
    guard isSpeaking else { return }
    if style == .json { writeJSON(state.json) }
    if terminal.isInteractive { update(state) } else { say(ProgressFormat.line(state)) }
  }

  /// Reports an event other than a step: `text` for people, the object for programs.
  public func event(_ name: String, _ text: String, _ members: JSONObject = [:]) {
    guard isSpeaking else { return }
    if style == .json {
      writeJSON(
        JSONObject([("event", .string(name))] + members.members.map { ($0.name, $0.value) }))
    }
    say(text)
  }

  /// Removes the line of a terminal, so that what follows begins on a clean line.
  public func finish() {
    guard hasBar else { return }
    terminal.write("\r\u{1B}[2K")
    hasBar = false
  }

  private func say(_ text: String) {
    finish()
    terminal.write(text + "\n")
  }

  private func writeJSON(_ object: JSONObject) {
    FileDescriptor.write(JSONValue.object(object).compact + "\n", to: STDOUT_FILENO)
  }
}
