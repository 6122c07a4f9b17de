/// A job that cannot run in parallel as asked, with what to change.
public struct ParallelError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what to do.
  public let description: String

  /// An error with its message.
  public init(_ description: String) { self.description = description }
}
