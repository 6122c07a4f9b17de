import SounderArray
import SounderAutograd

/// Changes parameters along their gradients; the base of ``SGD``, ``Adam`` and ``AdamW``.
///
/// ```swift
/// let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: 0.9)
/// optimizer.zeroGrad()
/// try crossEntropy(model(images), labels).backward()
/// clipGradientNorm(model.parameters, maximum: 1)
/// optimizer.step()
/// ```
public class Optimizer {
  /// What is trained; parameters without a gradient are skipped.
  public let parameters: [Tensor]
  /// The hyperparameters; the learning rate in them is the first.
  public let configuration: OptimizerConfiguration
  /// The learning rate of the next step.
  public final var learningRate: Double

  private var slots: [ParameterState]

  /// An optimiser of the given kind over contiguous float32 or float64 parameters.
  public init(_ parameters: [Tensor], _ configuration: OptimizerConfiguration) {
    self.parameters = parameters
    self.configuration = configuration
    learningRate = configuration.learningRate
    slots = parameters.map { ParameterState($0, configuration) }
  }

  /// Takes one step with every parameter that has a gradient.
  ///
  /// The parameters change in place and outside the graph; their version counters move, so that a
  /// backward pass through values of before the step fails instead of using the new ones.
  public final func step() {
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = parameter.grad else { continue }
      slots[index].update(parameter, gradient, learningRate)
    }
  }

  /// Drops the gradients of all parameters.
  public final func zeroGrad() { parameters.dropGradients() }

  /// What the optimiser remembers of a parameter, one array for each of the
  /// configuration's `stateSlotNames`; empty before the parameter's first step.
  public final func state(ofParameter index: Int) -> [NDArray] { slots[index].arrays }
}

/// What an optimiser remembers of one parameter.
private struct ParameterState {
  let rule: FlatOptimizer
  var arrays: [NDArray] = []
  var stepCount = 0

  init(_ parameter: Tensor, _ configuration: OptimizerConfiguration) {
    rule = FlatOptimizer(
      configuration.decays(parameter.shape) ? configuration : configuration.withoutDecay,
      dtype: parameter.dtype)
  }

  mutating func update(_ parameter: Tensor, _ gradient: Tensor, _ learningRate: Double) {
    let values = parameter.array
    require(
      values.isContiguous, "optimizer: a parameter of shape \(values.shape) is not contiguous")
    if stepCount == 0 {
      arrays = (0..<rule.stateSlotCount).map { _ in Kernels.zeros(values.shape, values.dtype) }
    }
    stepCount += 1
    let slopes = Kernels.contiguous(gradient.array)
    withExtendedLifetime((values, slopes, arrays)) {
      rule.update(
        0..<values.count, parameters: values.pointer, gradients: slopes.pointer,
        state: arrays.map(\.pointer), step: stepCount, learningRate: learningRate)
    }
    parameter.incrementVersion()
  }
}
