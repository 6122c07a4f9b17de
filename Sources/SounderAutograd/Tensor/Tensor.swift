import SounderArray

/// An n-dimensional array that can take part in a differentiable computation.
///
/// Identity matters: hooks, ``grad`` and in-place operations belong to the object, and two tensors may
/// share memory. A tensor that requires a gradient owns the graph node that produces it (for a leaf,
/// the node that collects its gradient), nodes own the nodes before them, and nothing points back, so
/// dropping the result of a computation frees its graph.
///
/// ```swift
/// let w = try Tensor([1, 2, 3] as [Float], shape: [3]).requiresGrad()
/// let loss = (w * w).sum()
/// try loss.backward()
/// print(w.grad!)  // [2, 4, 6]
/// ```
public final class Tensor: @unchecked Sendable {
  // @unchecked: after creation only in-place operations, `requiresGrad(_:)` and `rebind` write here, and
  // like all writes they need the only reference or the caller's synchronisation. Gradient accumulation
  // from several threads is protected by the lock of the leaf's `GradientAccumulator`.

  /// The elements.
  public let array: NDArray

  /// The node that produced this tensor, or the accumulator of a leaf; nil if no gradient is required.
  @exclusivity(unchecked) final var node: Node?
  /// Which output of `node` this is.
  @exclusivity(unchecked) final var slot: Int32 = 0
  /// Whether this view was made while nothing was recorded, so that its base knows nothing of it.
  @exclusivity(unchecked) final var isUnrecordedView = false
  /// How often the history of this tensor was replaced by an operation in place; of a view, how often
  /// that of its base had been when this one's was last derived from it.
  @exclusivity(unchecked) final var rewrites: UInt32 = 0
  /// The tensor whose memory this one views.
  @exclusivity(unchecked) final var viewBase: Tensor?
  /// What few tensors have: a tangent, a retained gradient, a parked accumulator.
  @exclusivity(unchecked) final var extras: TensorExtras?

  /// A tensor over an array, outside any graph.
  public init(_ array: NDArray) { self.array = array }

  init(_ array: NDArray, node: Node, slot: Int) {
    self.array = array
    self.node = node
    self.slot = Int32(slot)
  }

  deinit { if node != nil { GraphRelease.release(&node) } }
}

/// The rarely used attributes of a tensor, allocated on demand.
final class TensorExtras {
  /// The tangent and the forward-mode level it belongs to.
  var tangent: Tensor?
  var tangentLevel: UInt32 = 0
  /// The gradient kept for a tensor that is not a leaf.
  var retainedGrad: Tensor?
  /// The accumulator of a frozen leaf, with its gradient and hooks.
  var parked: GradientAccumulator?
}

extension Tensor {
  /// The type of the elements.
  public var dtype: DType { array.dtype }
  /// The extents.
  public var shape: Shape { array.shape }
  /// The number of dimensions.
  public var rank: Int { array.shape.count }
  /// The number of elements.
  public var count: Int { array.shape.elementCount }
  /// Distances between neighbours along each dimension, in elements.
  public var strides: Strides { array.strides }
  /// Where the first element lies in the memory, in elements.
  public var storageOffset: Int { array.offset }
  /// How often the memory was changed in place; views share the count.
  public var version: UInt32 { array.storage.version }

  /// Records a change of the memory by code this library does not see (BLAS, MPI, C).
  ///
  /// Without it a backward pass that saved this tensor would use the changed values silently.
  public func incrementVersion() { array.storage.incrementVersion() }

  /// The same elements outside the graph; shares memory and version counter.
  public func detach() -> Tensor { Tensor(array) }

  func ensureExtras() -> TensorExtras {
    if let extras { return extras }
    let created = TensorExtras()
    extras = created
    return created
  }

  /// Moves the tensor, and all views of it, to the memory of another array, whose values it takes on.
  ///
  /// Parameters move into shared regions this way. The array must be contiguous, of the same shape and
  /// type, and the tensor must not be a view of larger memory.
  package func rebind(_ target: NDArray) {
    require(
      target.shape == shape && target.dtype == dtype && target.isContiguous,
      "rebind: \(target.dtype)\(target.shape) cannot stand for \(dtype)\(shape)")
    require(
      array.isContiguous && array.storage.byteCount == count * dtype.byteSize,
      "rebind: a parameter of shape \(shape) is a view of larger memory; clone() it first")
    array.storage.move(to: target.pointer, owner: target.storage)
  }
}
