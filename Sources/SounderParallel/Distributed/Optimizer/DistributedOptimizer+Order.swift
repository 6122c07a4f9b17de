import CKernels
import SounderArray

/// What rank 0 tells the other owners of a step.
extension DistributedOptimizer {
  /// Numbers of messages that no collective of a context reaches.
  private static let beginning = UInt64.max
  private static let ending = UInt64.max - 1

  /// The version that a context is given, and waits until this rank has it.
  func begin(_ context: AutogradContext) throws -> Int {
    let version = try told(Self.beginning, in: context) {
      try order.begin(context.id, deadline: context.deadline())
    }
    try state.wait(for: version, deadline: context.deadline())
    return version
  }

  /// The number of a context's update.
  ///
  /// - Throws: ``StaleGradientError``, on all ranks.
  func number(_ context: AutogradContext, since begun: Int) throws -> Int {
    let number = try told(Self.ending, in: context) {
      try order.grant(context.id, deadline: context.deadline())
    }
    guard number >= 0 else {
      throw StaleGradientError(
        context: context.id, staleness: -1 - number, maximum: order.options.maximumStaleness ?? 0)
    }
    return number
  }

  /// A number that rank 0 finds and tells all.
  private func told(
    _ kind: UInt64, in context: AutogradContext, _ find: () throws -> Int
  ) throws -> Int {
    let mailroom = context.mailroom
    guard context.rank != 0 else {
      let value = try find()
      for other in 1..<max(context.size, 1) {
        try mailroom.post(
          ContextMessage(.part, kind, in: context.id) { $0.write(value) }, to: other)
      }
      return value
    }
    let key = ContextMessage.Key(kind: .part, number: kind, sender: 0)
    do {
      return try mailroom.wait(
        in: context.id, until: context.deadline(), "the number of the step", missing: { _ in [0] }
      ) { mail in
        if let message = mail.take(key) {
          var reader = message.body
          return reader.int()
        }
        if let cause = mail.error { throw cause }
        return nil
      }
    } catch let passed as Mailroom.DeadlinePassed {
      throw DistributedAutogradError(
        .timeout, rank: context.rank, operation: "DistributedOptimizer.step", passed.message)
    }
  }
}

/// Gradients that were computed with parameters too many updates ago; the same on all ranks.
public struct StaleGradientError: Error, Hashable, CustomStringConvertible {
  /// The context whose gradients were refused.
  public let context: AutogradContextID
  /// The updates since it was given its parameters.
  public let staleness: Int
  /// The most there may be.
  public let maximum: Int

  /// What happened and what to do.
  public var description: String {
    "the gradients of context \(context) are \(staleness) updates old, and at most \(maximum) are allowed; "
      + "compute them again, raise maximumStaleness, or let whenStale be wait"
  }
}
