/// What is checked of an operator.
public enum CheckKind: String, CaseIterable, Sendable {
  /// The schema tells the truth about changed and shared arguments.
  case schema
  /// A derivative is registered.
  case registration
  case values
  case gradients
  case secondOrder = "second order"
  case forwardMode = "forward mode"

  /// What a stored case can be compared in.
  static let comparisons: [CheckKind] = [.values, .gradients, .secondOrder, .forwardMode]
}
