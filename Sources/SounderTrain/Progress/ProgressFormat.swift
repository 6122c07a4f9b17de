import Foundation

/// Turns the numbers of a running job into text.
enum ProgressFormat {
  /// One plain line: epoch, step, loss, rate and time left.
  static func line(_ state: ProgressState) -> String {
    var parts = [
      "epoch \(state.epoch + 1)/\(state.epochCount)", "step \(state.step)/\(state.stepCount)",
      "loss \(loss(state.loss))", "lr \(significant(state.learningRate))",
      "\(count(state.samplesPerSecond)) samples/s",
    ]
    if let remaining = state.secondsLeft { parts.append("\(duration(remaining)) left") }
    return parts.joined(separator: "  ")
  }

  /// The line with a bar before it, cut to the width of the window.
  static func bar(_ state: ProgressState, width: Int) -> String {
    let text = line(state)
    let room = width - text.count - 4
    guard room >= 10 else { return String(text.prefix(max(width - 1, 1))) }
    let length = min(room, 30)
    let share = min(max(Double(state.step) / Double(max(state.stepCount, 1)), 0), 1)
    let filled = Int(share * Double(length))
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "░", count: length - filled)
    return "\(bar)  \(text)"
  }

  /// A loss with four decimals, or in powers of ten when very small or large.
  static func loss(_ value: Double) -> String {
    if value != 0, abs(value) < 0.001 || abs(value) >= 10_000 { return significant(value) }
    return value.isFinite ? String(format: "%.4f", value) : "\(value)"
  }

  /// A number with three significant digits.
  static func significant(_ value: Double) -> String { String(format: "%.3g", value) }

  /// A measured value with five significant digits.
  static func measure(_ value: Double) -> String { String(format: "%.5g", value) }

  /// A count with a suffix: 950, 12.3k, 4.56M.
  static func count(_ value: Double) -> String {
    switch value {
    case ..<1_000: String(format: "%.0f", value)
    case ..<1_000_000: String(format: "%.1fk", value / 1_000)
    default: String(format: "%.2fM", value / 1_000_000)
    }
  }

  /// A share as percent with two decimals.
  static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

  /// A duration in the two largest units: 42s, 3m05s, 2h10m.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let total = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (total / 3_600, total / 60 % 60, total % 60)
    if hours > 0 { return String(format: "%dh%02dm", hours, minutes) }
    if minutes > 0 { return String(format: "%dm%02ds", minutes, rest) }
    return "\(rest)s"
  }
}
