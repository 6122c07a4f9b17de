extension RunSection {
  /// The steps to trace; nil if none.
  func traceWindow(stepCount: Int) -> TraceWindow? {
    guard trace else { return nil }
    return traceSteps.flatMap { TraceWindow($0) } ?? .standard(stepCount: stepCount)
  }
}
