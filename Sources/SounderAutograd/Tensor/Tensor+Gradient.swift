import SounderArray

extension Tensor {
  /// Whether operations on this tensor are recorded for a backward pass.
  @inline(__always) public var requiresGrad: Bool {
    if viewBase != nil { followBase() }
    return node != nil
  }

  /// Whether the tensor was made by the user rather than by a recorded operation.
  public var isLeaf: Bool { requiresGrad ? node?.isLeaf ?? true : true }

  /// The node that produced this tensor; nil for leaves.
  public var gradFn: Node? { isLeaf ? nil : node }

  /// Switches the recording of operations on a leaf on or off and returns the tensor.
  ///
  /// A frozen leaf keeps the gradient it has.
  /// - Throws: ``AutogradError`` `.notFloating` for integer and bool tensors, `.notLeaf` when switching
  ///   off a tensor that an operation produced.
  @discardableResult
  public func requiresGrad(_ on: Bool = true) throws -> Tensor {
    if on == requiresGrad { return self }
    if on {
      guard dtype.isDifferentiable else {
        throw AutogradError(
          .notFloating,
          "requiresGrad: only floating-point and complex tensors have gradients, this is \(dtype)")
      }
      node = extras?.parked ?? GradientAccumulator(shape: shape, dtype: dtype)
      extras?.parked = nil
    } else {
      guard let leaf = accumulator else {
        throw AutogradError(
          .notLeaf,
          "requiresGrad(false): the tensor was produced by \(node?.name ?? "an operation"); "
            + "use detach() to get one outside the graph")
      }
      ensureExtras().parked = leaf
      node = nil
    }
    return self
  }

  /// The accumulator of a leaf that requires a gradient.
  package var accumulator: GradientAccumulator? {
    guard let node, node.isLeaf else { return nil }
    return unsafeDowncast(node, to: GradientAccumulator.self)
  }

  /// The gradient backward passes have accumulated; nil if none has reached this tensor.
  public var grad: Tensor? {
    if let leaf = accumulator ?? extras?.parked { return leaf.gradient }
    return extras?.retainedGrad
  }

  /// Replaces the accumulated gradient, or removes it with nil.
  /// - Throws: ``AutogradError`` `.gradShape` or `.gradDtype` if it does not fit, `.notLeaf` if the
  ///   tensor does not collect gradients.
  public func setGrad(_ gradient: Tensor?) throws {
    if let gradient {
      guard gradient.shape == shape else {
        throw AutogradError(
          .gradShape, "grad: a gradient of shape \(gradient.shape) for a tensor of shape \(shape)")
      }
      guard gradient.dtype == dtype else {
        throw AutogradError(
          .gradDtype, "grad: a gradient of type \(gradient.dtype) for a tensor of type \(dtype)")
      }
    }
    if let leaf = accumulator ?? extras?.parked {
      leaf.gradient = gradient
    } else if gradient == nil || isLeaf {
      extras?.retainedGrad = gradient
      if gradient != nil { ensureExtras().retainedGrad = gradient }
    } else {
      throw AutogradError(
        .notLeaf, "grad: the tensor is not a leaf; call retainGrad() before the backward pass")
    }
  }

  /// Keeps the gradient of a tensor that is not a leaf in ``grad`` during backward passes.
  /// - Throws: ``AutogradError`` `.hookOnNonDiff` if the tensor does not require a gradient.
  public func retainGrad() throws {
    guard let node else {
      throw AutogradError(.hookOnNonDiff, "retainGrad: the tensor does not require a gradient")
    }
    if node.isLeaf { return }
    node.ensureHooks().retain(self, slot: Int(slot))
  }

  /// Calls `hook` with the gradient of this tensor whenever a backward pass computes it.
  ///
  /// A tensor the hook returns replaces the gradient and must have its shape and type. The hook belongs
  /// to the node that produced the tensor at the time of registration.
  /// - Throws: ``AutogradError`` `.hookOnNonDiff` if the tensor does not require a gradient.
  @discardableResult
  public func registerHook(_ hook: @escaping (Tensor) throws -> Tensor?) throws -> HookHandle {
    guard let node else {
      throw AutogradError(.hookOnNonDiff, "registerHook: the tensor does not require a gradient")
    }
    return node.ensureHooks().addTensorHook(slot: Int(slot), hook)
  }

  /// Calls `hook` after each time a backward pass has accumulated into ``grad`` of this leaf.
  ///
  /// Not called by ``gradients(of:withRespectTo:gradOutputs:retainGraph:createGraph:allowUnused:)``.
  /// - Throws: ``AutogradError`` `.notLeaf` if the tensor is not a leaf that requires a gradient.
  @discardableResult
  public func registerPostAccumulateGradHook(
    _ hook: @escaping (Tensor) throws -> Void
  ) throws -> HookHandle {
    guard let leaf = accumulator else {
      throw AutogradError(
        .notLeaf,
        "registerPostAccumulateGradHook: the tensor is not a leaf that requires a gradient")
    }
    return leaf.addPostHook { [weak self] in if let self { try hook(self) } }
  }
}
