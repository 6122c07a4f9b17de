import Foundation

/// The learning rate as a function of the step: a linear warm-up, then one of three shapes.
///
/// Steps count from 0. The shape begins where the warm-up ends.
///
/// ```swift
/// let schedule = LearningRateSchedule(
///   .cosine(steps: 1000, minimum: 1e-5), base: 0.1, warmupSteps: 100)
/// optimizer.learningRate = schedule.rate(at: step)
/// ```
public struct LearningRateSchedule: Sendable, Hashable {
  /// What follows the warm-up.
  public enum Shape: Sendable, Hashable {
    /// The base rate for ever.
    case constant
    /// The rate is multiplied by `gamma` after every `size` steps.
    case step(size: Int, gamma: Double)
    /// Half a cosine from the base rate to `minimum`, reached `steps` steps after the warm-up
    /// (Loshchilov and Hutter, 2017), and `minimum` from there on.
    case cosine(steps: Int, minimum: Double)
  }

  /// What follows the warm-up.
  public let shape: Shape
  /// The rate at the end of the warm-up.
  public let base: Double
  /// The steps over which the rate grows linearly to the base rate; step 0 already moves.
  public let warmupSteps: Int

  /// A schedule of the given shape.
  public init(_ shape: Shape = .constant, base: Double, warmupSteps: Int = 0) {
    self.shape = shape
    self.base = base
    self.warmupSteps = warmupSteps
  }

  /// The learning rate of a step.
  public func rate(at step: Int) -> Double {
    if step < warmupSteps { return base * Double(step + 1) / Double(warmupSteps) }
    let position = step - warmupSteps
    switch shape {
    case .constant:
      return base
    case .step(let size, let gamma):
      return base * pow(gamma, Double(position / max(size, 1)))
    case .cosine(let steps, let minimum):
      let progress = min(Double(position) / Double(max(steps, 1)), 1)
      return minimum + (base - minimum) * (1 + cos(.pi * progress)) / 2
    }
  }
}
