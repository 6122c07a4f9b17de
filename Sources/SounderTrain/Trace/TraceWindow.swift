/// The steps of which a trace is kept, counted from 1 as in `metrics.jsonl`, both ends included.
struct TraceWindow: Equatable {
  let steps: ClosedRange<Int>

  /// The length of a window nobody has asked for: enough to see, and small to open.
  static let standardLength = 10

  init(_ steps: ClosedRange<Int>) { self.steps = steps }

  /// The window a text describes, `10..20`, or `7` for one step.
  init?(_ text: String) {
    let parts = text.split(separator: "..", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2,
      first >= 1, last >= first
    else { return nil }
    steps = first...last
  }

  /// Ten steps after the first ten, in which memory is still being touched for the first time; the last
  /// ten of a job that is shorter.
  static func standard(stepCount: Int) -> TraceWindow {
    let last = min(2 * standardLength, max(stepCount, 1))
    return TraceWindow(max(last - standardLength + 1, 1)...last)
  }
}

extension TraceWindow: CustomStringConvertible {
  var description: String { "\(steps.lowerBound)..\(steps.upperBound)" }
}
