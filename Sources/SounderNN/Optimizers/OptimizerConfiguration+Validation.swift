/// A hyperparameter outside its domain.
public struct InvalidHyperparameter: Error, Hashable, CustomStringConvertible {
  /// The hyperparameter, as configurations spell it (`weight_decay`).
  public let name: String
  /// The value found.
  public let value: String
  /// What it must be.
  public let requirement: String

  /// A message that names the hyperparameter, its value and its domain.
  public var description: String { "\(name) is \(value) but must be \(requirement)" }
}

extension OptimizerConfiguration {
  /// Every hyperparameter outside its domain; empty when the configuration can be used.
  public var problems: [InvalidHyperparameter] {
    var found: [InvalidHyperparameter] = []
    func check(_ holds: Bool, _ name: String, _ value: Any, _ requirement: String) {
      if holds { return }
      found.append(
        InvalidHyperparameter(name: name, value: "\(value)", requirement: requirement))
    }
    check(learningRate.isFinite && learningRate >= 0, "lr", learningRate, "finite and at least 0")
    check(
      weightDecay.isFinite && weightDecay >= 0, "weight_decay", weightDecay,
      "finite and at least 0")
    switch kind {
    case .sgd:
      check(momentum >= 0 && momentum < 1, "momentum", momentum, "at least 0 and below 1")
      check(!nesterov || momentum > 0, "nesterov", nesterov, "false when momentum is 0")
    case .adam, .adamw:
      check(beta1 >= 0 && beta1 < 1, "beta1", beta1, "at least 0 and below 1")
      check(beta2 >= 0 && beta2 < 1, "beta2", beta2, "at least 0 and below 1")
      check(epsilon.isFinite && epsilon > 0, "eps", epsilon, "finite and above 0")
    }
    return found
  }

  /// Throws the first hyperparameter outside its domain.
  public func validate() throws(InvalidHyperparameter) {
    if let problem = problems.first { throw problem }
  }
}
