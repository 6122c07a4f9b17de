/// What part of a job a rank is in, for those who wait for it.
public enum RankPhase: UInt8, Sendable, CaseIterable {
  /// The rank has joined and begun nothing.
  case start = 0
  /// Builds the model and its memory.
  case setUp
  /// Reads data, between two steps.
  case data
  /// Computes losses.
  case forward
  /// Computes gradients.
  case backward
  /// Adds up gradients and updates parameters.
  case reduction
  /// Works through the tickets of lock-free training.
  case tickets
  /// Judges the model.
  case evaluation
  /// Writes files.
  case saving
  /// Has done its work and leaves.
  case end

  /// The words that follow "is in": `backward of step 17`.
  func text(step: Int?) -> String {
    let name =
      switch self {
      case .start: "its start"
      case .setUp: "the set-up of the model"
      case .data: "the reading of data"
      case .tickets: "lock-free training"
      case .end: "its end"
      case .forward, .backward, .reduction, .evaluation, .saving: "\(self)"
      }
    return step.map { "\(name) of step \($0)" } ?? name
  }
}
