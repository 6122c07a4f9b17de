import CKernels
import Foundation
import SounderArray
import SounderAutograd
import SounderNN

/// An optimiser whose parameters are spread over ranks and updated where they live, by the gradients of
/// several trainers at once.
///
/// Every rank owns some parameters. A step is a context of a ``DistEngine``: each rank gets its parameters as
/// they are at that moment, the trainer's graph crosses ranks, and the context's gradients are applied by
/// every owner to its own parameters. Contexts of different trainers overlap; updates do not: rank 0 numbers them
/// and every owner applies them in that order, so all owners agree on the *version*, the number of
/// updates made. A context's *staleness* is the number of updates made between the version it was given and its own
/// (Hogwild's measure; Niu et al., 2011). It may be bounded (stale synchronous parallel; Ho et al., 2013).
///
/// ```swift
/// let optimizer = DistributedOptimizer(engine, parameters: stage, .sgd(learningRate: 0.1))
/// let step = try optimizer.step { context, parameters in
///   let output = forward(try context.receive(from: 0), parameters)
///   try engine.backward(context, roots: [output.sum()])
/// }
/// ```
///
/// Parameters are never changed while a context uses them: an update writes new arrays, and each context keeps
/// those it was given. So a step costs a copy of the parameters, besides two short messages of rank 0 to each rank.
public final class DistributedOptimizer: Sendable {
  /// What to do about gradients that are too old.
  public enum StalePolicy: Sendable {
    /// The step fails with ``StaleGradientError`` on all ranks, and changes nothing.
    case refuse
    /// No step fails: a context waits to begin, and an update waits to be made, as long as it would make
    /// another context's gradients too old; at most the engine's timeout.
    case wait
  }

  /// How old gradients may be.
  public struct Options: Sendable {
    /// The largest staleness; nil is no bound.
    public var maximumStaleness: Int?
    /// What to do about older gradients.
    public var whenStale = StalePolicy.refuse

    /// The defaults.
    public init() {}
  }

  /// A step that was made.
  public struct Step: Sendable, Hashable {
    /// The version it made, from 1; the same on all ranks.
    public let version: Int
    /// The updates between the version it was given on rank 0 and its own; no rank was given an older one.
    public let staleness: Int
  }

  let engine: DistEngine
  let state: OwnedParameters
  let order: StepOrder

  /// An optimiser on this rank; every rank makes one, with equal options, for the engine's contexts.
  ///
  /// - Parameters:
  ///   - parameters: The float32 leaves this rank owns; may be none. They keep their values until
  ///     ``synchronize()``.
  ///   - configuration: The kind of update and its hyperparameters, without a schedule.
  public init(
    _ engine: DistEngine, parameters: [Tensor], _ configuration: OptimizerConfiguration,
    options: Options = Options()
  ) {
    for parameter in parameters {
      require(
        parameter.dtype == .float32,
        "DistributedOptimizer: parameters must be float32, not \(parameter.dtype)")
    }
    require(
      (options.maximumStaleness ?? 0) >= 0, "DistributedOptimizer: the staleness bound is negative")
    self.engine = engine
    state = OwnedParameters(parameters, FlatOptimizer(configuration))
    order = StepOrder(options)
  }

  /// The updates this rank has made.
  public var version: Int { state.version }
  /// How stale the gradients of all updates were, counted on rank 0; empty elsewhere.
  public var staleness: StalenessHistogram { order.histogram }
  /// Contexts that were given parameters and have not ended, counted on rank 0.
  public var openSteps: Int { order.openCount }

  /// Writes the values of the latest version into the tensors that were given; no context may use those.
  public func synchronize() { state.synchronize() }

  /// Takes a step: opens a context, lets `body` compute gradients in it, and has every owner apply its own.
  ///
  /// All ranks call it, as they open contexts. A parameter without a gradient in the context stays as it is.
  /// - Parameters:
  ///   - owner: The trainer, a rank that owns the context; steps of different owners may overlap, on threads of their
  ///     own.
  ///   - learningRate: The rate of this step; nil takes the configuration's.
  ///   - body: Runs a forward pass with this rank's parameters, leaves of its own, and the engine's backward pass
  ///     into the context.
  /// - Throws: ``StaleGradientError`` on all ranks; ``DistributedAutogradError``; what `body` throws.
  @discardableResult
  public func step(
    owner: Int = 0, learningRate: Double? = nil,
    _ body: (AutogradContext, [Tensor]) throws -> Void
  ) throws -> Step {
    try engine.context(owner: owner) { context in
      let begun = try begin(context)
      defer { order.end(context.id) }
      let parameters = try state.leaves()
      try body(context, parameters)
      let number = try number(context, since: begun)
      let gradients = parameters.map { context.gradients[$0] }
      try state.apply(
        gradients, number: number, learningRate: learningRate, deadline: context.deadline())
      return Step(version: number + 1, staleness: number - begun)
    }
  }
}
