/// What can go wrong while a graph is built or run.
public struct AutogradError: Error, Sendable, Hashable {
  /// The kinds of failure, one for each condition a program may want to tell apart.
  public enum Kind: String, Sendable {
    case nonScalarRoot, rootNotDifferentiable, emptyInputs, inputNotDifferentiable, unusedInput
    case gradShape, gradDtype, gradCount
    case backwardTwice, savedTensorModified
    case leafInPlace, viewOfLeafInPlace, viewInPlace, outVariant
    case notLeaf, notFloating, hookOnNonDiff, hookShape, hookDtype
    case callbackOutsideBackward
    case noForwardLevel, nestedForwardLevel, tangentShape
    case unknownOperator, argumentMismatch, notImplemented
  }

  /// Which condition.
  public let kind: Kind
  /// What happened, where, and what to do.
  public let message: String

  /// An error of a kind with its message.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}

extension AutogradError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
