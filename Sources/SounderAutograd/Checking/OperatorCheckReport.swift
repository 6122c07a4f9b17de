/// What ``checkOperator(_:samples:order:)`` found.
public struct OperatorCheckReport: Sendable {
  /// What is checked.
  public enum Aspect: String, CaseIterable, Sendable {
    /// The schema tells the truth: arguments are neither changed nor returned, unless it says so.
    case schema
    /// A derivative is registered, and exactly the results that should have a gradient have one.
    case registration
    /// Gradients against central differences.
    case gradients
    /// Gradients of gradients against central differences.
    case secondOrder = "second order"
    /// Tangents against gradients.
    case forwardMode = "forward mode"
  }

  /// What became of one aspect with one sample.
  public struct Finding: Sendable {
    /// What was checked.
    public let aspect: Aspect
    /// What is wrong; nil if nothing is.
    public let problem: String?
  }

  /// The operator.
  public let name: String
  /// The findings of each sample.
  public let samples: [[Finding]]

  /// What is wrong, one line each: `sample 0: gradients: …`.
  public var problems: [String] {
    samples.enumerated().flatMap { index, findings in
      findings.compactMap { finding in
        finding.problem.map { "sample \(index): \(finding.aspect.rawValue): \($0)" }
      }
    }
  }

  /// Whether nothing is wrong.
  public var passed: Bool { problems.isEmpty }

  /// How many samples an aspect was checked with.
  public func count(_ aspect: Aspect) -> Int {
    samples.reduce(0) { $0 + $1.count { $0.aspect == aspect } }
  }
}
