import CKernels
import Foundation
import SounderArray

/// An optimiser over flat memory that belongs to somebody else.
///
/// Parameters, gradients and each state slot are arrays of equal length; ``update(_:parameters:gradients:state:step:learningRate:gradientScale:)``
/// changes one range of them in place. Ranges are independent, so ranks that share the memory may
/// each update their own shard, and the result has the same bits however the whole is cut. State
/// starts as zeros.
public struct FlatOptimizer: Sendable {
  /// The hyperparameters.
  public let configuration: OptimizerConfiguration
  /// The type of parameters, gradients and state: float32 or float64.
  public let dtype: DType

  /// An optimiser of the given kind over elements of the given type.
  public init(_ configuration: OptimizerConfiguration, dtype: DType = .float32) {
    require(
      dtype == .float32 || dtype == .float64,
      "optimizer: parameters must be float32 or float64, not \(dtype)")
    let problems = configuration.problems
    require(problems.isEmpty, "optimizer: \(problems.map(\.description).joined(separator: "; "))")
    self.configuration = configuration
    self.dtype = dtype
  }

  /// The number of state arrays, each as long as the parameters.
  public var stateSlotCount: Int { configuration.stateSlotCount }

  /// Takes one step with the elements in `range`, in one pass over the memory.
  ///
  /// - Parameters:
  ///   - range: The elements to update, counted from the pointers given.
  ///   - parameters: Read and written.
  ///   - gradients: Read only; multiplied by `gradientScale` on the way in.
  ///   - state: ``stateSlotCount`` arrays, read and written.
  ///   - step: The number of this step, from 1; Adam's bias correction depends on it.
  ///   - learningRate: The rate of this step.
  ///   - gradientScale: A factor for all gradients, for clipping.
  ///   - decays: Whether weight decay acts on these elements.
  public func update(
    _ range: Range<Int>, parameters: UnsafeMutableRawPointer, gradients: UnsafeRawPointer,
    state: [UnsafeMutableRawPointer], step: Int, learningRate: Double, gradientScale: Double = 1,
    decays: Bool = true
  ) {
    require(
      state.count == stateSlotCount,
      "optimizer: \(configuration.kind) wants \(stateSlotCount) state arrays, not \(state.count)")
    require(step >= 1, "optimizer: steps count from 1, not \(step)")
    if range.isEmpty { return }
    let decay = decays ? configuration.weightDecay : 0
    switch configuration.kind {
    case .sgd:
      descend(range, parameters, gradients, state.first, learningRate, gradientScale, decay)
    case .adam, .adamw:
      adapt(range, parameters, gradients, state, step, learningRate, gradientScale, decay)
    }
  }

  private func descend(
    _ range: Range<Int>, _ parameters: UnsafeMutableRawPointer, _ gradients: UnsafeRawPointer,
    _ buffer: UnsafeMutableRawPointer?, _ learningRate: Double, _ gradientScale: Double,
    _ decay: Double
  ) {
    var step = ck_sgd_step(
      learning_rate: learningRate, momentum: configuration.momentum,
      weight_decay: decay, gradient_scale: gradientScale)
    let (begin, end) = (Int64(range.lowerBound), Int64(range.upperBound))
    if dtype == .float32 {
      let values = parameters.assumingMemoryBound(to: Float.self)
      let slopes = gradients.assumingMemoryBound(to: Float.self)
      if let buffer = buffer?.assumingMemoryBound(to: Float.self) {
        let loop = configuration.nesterov ? ck_sgd_nesterov_f32 : ck_sgd_momentum_f32
        loop(values, slopes, buffer, begin, end, &step)
      } else {
        ck_sgd_f32(values, slopes, begin, end, &step)
      }
    } else {
      let values = parameters.assumingMemoryBound(to: Double.self)
      let slopes = gradients.assumingMemoryBound(to: Double.self)
      if let buffer = buffer?.assumingMemoryBound(to: Double.self) {
        let loop = configuration.nesterov ? ck_sgd_nesterov_f64 : ck_sgd_momentum_f64
        loop(values, slopes, buffer, begin, end, &step)
      } else {
        ck_sgd_f64(values, slopes, begin, end, &step)
      }
    }
  }

  private func adapt(
    _ range: Range<Int>, _ parameters: UnsafeMutableRawPointer, _ gradients: UnsafeRawPointer,
    _ state: [UnsafeMutableRawPointer], _ step: Int, _ learningRate: Double,
    _ gradientScale: Double, _ decay: Double
  ) {
    let decoupled = configuration.kind == .adamw
    var coefficients = ck_adam_step(
      step_size: learningRate / (1 - pow(configuration.beta1, Double(step))),
      beta1: configuration.beta1, beta2: configuration.beta2,
      bias_correction2_sqrt: (1 - pow(configuration.beta2, Double(step))).squareRoot(),
      epsilon: configuration.epsilon, weight_decay: decoupled ? 0 : decay,
      parameter_scale: decoupled ? 1 - learningRate * decay : 1, gradient_scale: gradientScale)
    let (begin, end) = (Int64(range.lowerBound), Int64(range.upperBound))
    if dtype == .float32 {
      ck_adam_f32(
        parameters.assumingMemoryBound(to: Float.self),
        gradients.assumingMemoryBound(to: Float.self),
        state[0].assumingMemoryBound(to: Float.self), state[1].assumingMemoryBound(to: Float.self),
        begin, end, &coefficients)
    } else {
      ck_adam_f64(
        parameters.assumingMemoryBound(to: Double.self),
        gradients.assumingMemoryBound(to: Double.self),
        state[0].assumingMemoryBound(to: Double.self),
        state[1].assumingMemoryBound(to: Double.self), begin, end, &coefficients)
    }
  }
}
