import CKernels
import Foundation
import SounderArray

extension Tensor {
  /// Computes the gradients of this tensor with respect to the leaves it depends on and adds them to
  /// their ``grad``.
  ///
  /// - Parameters:
  ///   - gradient: The gradient of the final result with respect to this tensor; 1 for a scalar.
  ///   - retainGraph: Whether the graph may be used again; by default only if `createGraph` is set.
  ///   - createGraph: Whether the gradients are themselves differentiable.
  ///   - inputs: The tensors, leaves or not, that receive gradients; all leaves if nil.
  /// - Throws: ``AutogradError`` for a tensor outside any graph, a missing or ill-shaped gradient, a graph
  ///   that was used before, a saved tensor modified in place; and what hooks and custom functions throw.
  public func backward(
    gradient: Tensor? = nil, retainGraph: Bool? = nil, createGraph: Bool = false,
    inputs: [Tensor]? = nil
  ) throws {
    guard let inputs else {
      _ = try Engine.run(
        roots: [self], seeds: [gradient], retainGraph: retainGraph ?? createGraph,
        createGraph: createGraph, inputs: nil)
      return
    }
    let results = try gradients(
      of: [self], withRespectTo: inputs, gradOutputs: [gradient], retainGraph: retainGraph,
      createGraph: createGraph, allowUnused: true)
    var accumulated: Set<ObjectIdentifier> = []
    for (input, result) in zip(inputs, results) {
      guard let result, accumulated.insert(ObjectIdentifier(input)).inserted else { continue }
      if let leaf = input.accumulator {
        var contribution: Tensor? = result
        try leaf.accumulate(&contribution, createGraph: createGraph)
      } else {
        input.retain(result, createGraph: createGraph)
      }
    }
  }
}

/// The gradients of `outputs`, summed, with respect to `inputs`, without touching any ``Tensor/grad``.
///
/// - Parameters:
///   - outputs: The roots; each needs a gradient unless it has one element.
///   - inputs: Leaves or intermediate tensors; one may depend on another.
///   - gradOutputs: Gradients of the outputs; nil entries mean 1 for one-element outputs.
///   - retainGraph: Whether the graph may be used again; by default only if `createGraph` is set.
///   - createGraph: Whether the results are differentiable.
///   - allowUnused: Whether an input the outputs don't depend on yields nil instead of an error.
///   - materializeGrads: Whether such an input yields zeros; implies `allowUnused`.
/// - Returns: One gradient for each input.
/// - Throws: ``AutogradError``.
public func gradients(
  of outputs: [Tensor], withRespectTo inputs: [Tensor], gradOutputs: [Tensor?]? = nil,
  retainGraph: Bool? = nil, createGraph: Bool = false, allowUnused: Bool = false,
  materializeGrads: Bool = false
) throws -> [Tensor?] {
  guard !inputs.isEmpty else {
    throw AutogradError(.emptyInputs, "gradients: no inputs given")
  }
  for (index, input) in inputs.enumerated() where !input.requiresGrad {
    throw AutogradError(
      .inputNotDifferentiable, "gradients: input \(index) does not require a gradient")
  }
  let found = try Engine.run(
    roots: outputs, seeds: gradOutputs ?? Array(repeating: nil, count: outputs.count),
    retainGraph: retainGraph ?? createGraph, createGraph: createGraph, inputs: inputs)
  return try zip(inputs, found).enumerated().map { index, pair in
    if pair.1 != nil { return pair.1 }
    if materializeGrads { return Tensor(Kernels.zerosLike(pair.0.array)) }
    guard allowUnused else {
      throw AutogradError(
        .unusedInput,
        "gradients: the outputs don't depend on input \(index); set allowUnused to get nil for it")
    }
    return nil
  }
}

/// Registers `callback` to run when the backward pass of this thread has finished, before it returns.
///
/// Callbacks may register further ones. They don't run if the pass fails; see `onFailure`.
/// - Parameters:
///   - onFailure: Called with the error instead if the pass fails.
/// - Throws: ``AutogradError`` `.callbackOutsideBackward` if no backward pass is running.
public func queueBackwardCallback(
  onFailure: ((any Error) -> Void)? = nil, _ callback: @escaping () throws -> Void
) throws {
  guard let current = ck_thread().pointee.backward_pass else {
    throw AutogradError(
      .callbackOutsideBackward, "queueBackwardCallback: no backward pass is running on this thread")
  }
  let pass = Unmanaged<BackwardPass>.fromOpaque(current).takeUnretainedValue()
  pass.finalCallbacks.append(callback)
  if let onFailure { pass.failureCallbacks.append(onFailure) }
}

/// Starts passes: checks the roots and keeps nested ones off a short stack.
enum Engine {
  /// Nested passes on one stack before the next gets a thread of its own.
  static let depthPerStack: UInt64 = 48

  static func run(
    roots: [Tensor], seeds: [Tensor?], retainGraph: Bool, createGraph: Bool, inputs: [Tensor]?,
    coordination: PassCoordination? = nil, plan: ((PassGraph) throws -> Void)? = nil
  ) throws -> [Tensor?] {
    guard roots.count == seeds.count else {
      throw AutogradError(
        .gradCount, "backward: \(seeds.count) gradients for \(roots.count) outputs")
    }
    let checked = try zip(roots, seeds).map { try seed(for: $0, $1) }
    let pass = BackwardPass(
      retainGraph: retainGraph, createGraph: createGraph,
      accumulates: inputs == nil && coordination == nil, coordination: coordination)
    pass.plan = plan
    let thread = ck_thread()
    thread.pointee.backward_depth += 1
    defer { thread.pointee.backward_depth -= 1 }
    if thread.pointee.backward_depth % depthPerStack == 0 {
      try onFreshStack { try pass.run(roots: roots, seeds: checked, inputs: inputs) }
    } else {
      try pass.run(roots: roots, seeds: checked, inputs: inputs)
    }
    return pass.captured
  }

  private static func seed(for root: Tensor, _ gradient: Tensor?) throws -> Tensor {
    guard root.requiresGrad else {
      throw AutogradError(
        .rootNotDifferentiable,
        "backward: the tensor does not require a gradient and was not computed from one that does")
    }
    guard let gradient else {
      guard root.count == 1 && !root.dtype.isComplex else {
        throw AutogradError(
          .nonScalarRoot,
          "backward: only a real scalar has an implicit gradient, this tensor has shape \(root.shape) "
            + "and type \(root.dtype); pass gradient:")
      }
      return Tensor(Kernels.onesLike(root.array))
    }
    guard gradient.shape == root.shape else {
      throw AutogradError(
        .gradShape,
        "backward: a gradient of shape \(gradient.shape) for an output of shape \(root.shape)")
    }
    guard gradient.dtype.isComplex == root.dtype.isComplex else {
      throw AutogradError(
        .gradDtype, "backward: a gradient of type \(gradient.dtype) for an output of \(root.dtype)")
    }
    return gradient
  }

  /// Runs `body` on a new thread with a large stack and waits for it; modes and depth move along.
  private static func onFreshStack(_ body: @escaping () throws -> Void) throws {
    let job = FreshStackJob(body, state: ck_thread().pointee)
    let thread = Thread { job.run() }
    thread.stackSize = 64 << 20
    thread.start()
    job.finished.wait()
    try job.result?.get()
  }
}

/// A nested pass on its way to another thread's stack.
private final class FreshStackJob: @unchecked Sendable {
  // @unchecked: the starting thread sleeps until `finished` is signalled.
  let finished = DispatchSemaphore(value: 0)
  private(set) var result: Result<Void, any Error>?
  private let body: () throws -> Void
  private let state: ck_thread_state

  init(_ body: @escaping () throws -> Void, state: ck_thread_state) {
    self.body = body
    self.state = state
  }

  func run() {
    let thread = ck_thread()
    thread.pointee.modes = state.modes
    thread.pointee.forward_level = state.forward_level
    thread.pointee.random_context = state.random_context
    thread.pointee.backward_depth = state.backward_depth
    result = Result { try body() }
    finished.signal()
  }
}
