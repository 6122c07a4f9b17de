/// A call by name that cannot be carried out: an unknown operator, or arguments it does not take.
public struct OperatorError: Error, Equatable, CustomStringConvertible {
  /// What is wrong, with the operator's name and what it expects.
  public let description: String

  init(_ description: String) { self.description = description }
}
