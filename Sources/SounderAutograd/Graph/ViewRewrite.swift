import SounderArray

/// The history of a tensor that was changed through one of its views.
///
/// What PyTorch calls CopySlices: the gradient of the changed base is split into that of the region the
/// view covers, which goes to the written values, and the rest, which goes to the base as it was. The
/// node keeps the geometry of the region and no elements.
final class ViewRewriteBackward: Node {
  private let region: Region

  init(_ region: Region, base: Tensor, values: Tensor) {
    self.region = region
    super.init(edgeCount: 2)
    connect(0, base)
    connect(1, values)
  }

  override func apply(_ pass: BackwardPass) throws {
    guard let gradient = pass.gradient(0) else { return }
    if pass.needs(0) {
      let none = Tensor(Kernels.zeros(region.shape, gradient.dtype))
      pass.send(0, region.replace(in: gradient, by: none))
    }
    if pass.needs(1) { pass.send(1, region.select(from: gradient)) }
  }
}

/// The elements of a contiguous tensor that a view of it covers.
struct Region {
  let shape: Shape
  let strides: Strides
  /// The first element, counted from that of the tensor.
  let offset: Int

  init(_ view: NDArray, in base: NDArray) {
    shape = view.shape
    strides = view.strides
    offset = view.offset - base.offset
  }

  /// The same region of another tensor, as a copy.
  func select(from tensor: Tensor) -> Tensor {
    tensor.asStridedSelect(
      Array(tensor.shape.contiguousStrides), 0, Array(shape), Array(strides), offset)
  }

  /// A copy of a tensor with other values in the region.
  func replace(in tensor: Tensor, by values: Tensor) -> Tensor {
    tensor.asStridedScatter(values, Array(shape), Array(strides), storageOffset: offset)
  }
}

extension Tensor {
  /// Writes `values`, computed from this view and other operands, into the view, and makes them part of
  /// the history of its base.
  ///
  /// This is how an operation in place runs on a view in a graph: out of place, and then through the
  /// view. Other views of the base follow when they are next used.
  func rewrite(_ values: Tensor, _ operation: StaticString) -> Tensor {
    guard let base = viewBase else { return self }
    require(
      values.shape == shape && values.dtype.canStore(in: dtype),
      "\(operation): a result of \(values.dtype.name)\(values.shape) cannot be stored in a tensor of "
        + "\(dtype.name)\(shape)")
    let values = values.dtype == dtype ? values : values.toDtype(dtype)
    let region = Region(array, in: base.array)
    if Modes.forward, base.tangent != nil || values.tangent != nil {
      let modes = Modes.suspendForward()
      let tangent = region.replace(in: base.tangentOrZero, by: values.tangentOrZero)
      Modes.restore(modes)
      base.setTangent(tangent)
      setTangent(values.tangentOrZero)
    }
    let node = ViewRewriteBackward(region, base: base, values: values)
    array.copy(from: values.array)
    incrementVersion()
    base.replaceHistory(node)
    followBase()
    return self
  }

  /// Derives the history of a view anew if that of its base was replaced.
  @inline(__always) func followBase() {
    guard let base = viewBase, base.rewrites != rewrites else { return }
    derive(from: base)
  }

  @inline(never) private func derive(from base: Tensor) {
    rewrites = base.rewrites
    var old = node
    node = nil
    if base.requiresGrad && !isUnrecordedView {
      let node = RegionBackward(Region(array, in: base.array), of: base)
      node.attach(self)
    }
    GraphRelease.release(&old)
  }
}

/// The history of a view whose base was changed: its region of the base.
final class RegionBackward: Node {
  private let region: Region
  private let baseShape: Shape

  init(_ region: Region, of base: Tensor) {
    self.region = region
    baseShape = base.shape
    super.init(edgeCount: 1)
    connect(0, base)
  }

  override func apply(_ pass: BackwardPass) throws {
    guard let gradient = pass.gradient(0) else { return }
    let none = Tensor(Kernels.zeros(baseShape, gradient.dtype))
    pass.send(0, region.replace(in: none, by: gradient))
  }
}
