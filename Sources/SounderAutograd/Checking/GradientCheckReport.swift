/// What a gradient check compared.
public struct GradientCheckReport: Sendable {
  /// The kinds of comparison.
  public enum Check: String, Sendable {
    /// Reverse mode against central differences.
    case reverse = "reverse mode against differences"
    /// Forward mode against reverse mode.
    case forward = "forward mode against reverse mode"
    /// Gradients computed while they are recorded against gradients computed plainly.
    case recorded = "recorded gradients against plain ones"
    /// Second derivatives against central differences of the gradient.
    case secondOrder = "second order against differences"
  }

  /// Two numbers that must agree.
  public struct Comparison: Sendable, CustomStringConvertible {
    /// What was compared.
    public let check: Check
    /// The number that was checked.
    public let value: Double
    /// The number it must equal.
    public let reference: Double
    /// The largest accepted difference.
    public let allowed: Double

    /// Whether the numbers agree; never if one is not a number.
    public var holds: Bool { abs(value - reference) <= allowed }

    /// Both numbers, their difference and the limit.
    public var description: String {
      "\(check.rawValue): \(value) and \(reference) differ by \(abs(value - reference)), "
        + "allowed are \(allowed)"
    }
  }

  /// The comparisons, in the order they were made.
  public let comparisons: [Comparison]
}

/// A derivative that is wrong.
public struct GradientCheckError: Error, Sendable, CustomStringConvertible {
  /// The comparison that failed.
  public let comparison: GradientCheckReport.Comparison

  /// What failed, with its numbers.
  public var description: String { "gradient check failed: \(comparison)" }
}
