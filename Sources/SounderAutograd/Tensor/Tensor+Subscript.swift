import SounderArray

extension Tensor {
  /// The elements at the given indices: a view unless a tensor or a list is among them.
  ///
  /// The rules are PyTorch's: dimensions that are not named are kept; tensors of indices broadcast
  /// against each other, and their dimensions take the place of the indexed ones if these are neighbours,
  /// else they come first.
  ///
  /// Setting writes in place, with the gradients of `copy_` or `index_put_`, and converts the type. It
  /// traps where these throw, such as for a leaf that requires a gradient; ``setItem(_:_:)`` throws.
  public subscript(indices: any TensorIndexing...) -> Tensor {
    get { getItem(indices.map(\.tensorIndex)) }
    set {
      do {
        try setItem(indices.map(\.tensorIndex), newValue)
      } catch {
        require(false, "\(error)")
      }
    }
  }

  /// The indices of the elements that are not zero, [number, dimensions].
  public func nonzero() -> Tensor { argwhere() }

  /// Writes values, which are broadcast and converted, to the given indices.
  /// - Throws: ``AutogradError`` as every operation in place.
  public func setItem(_ indices: [TensorIndex], _ value: Tensor) throws {
    let (view, tensors) = resolved(indices)
    // Leading extents of 1 never matter, and may be more than there are dimensions.
    let extra = value.shape.prefix { $0 == 1 }.count
    var values = extra > 0 ? value.reshape(Array(value.shape.dropFirst(extra))) : value
    if tensors.isEmpty {
      try view.copy_(values)
    } else {
      if values.dtype != dtype { values = values.toDtype(dtype) }
      try view.indexPut_(tensors, values)
    }
  }

  /// The view that numbers, ranges and new axes make, and the tensors that index its dimensions.
  func resolved(_ indices: [TensorIndex]) -> (view: Tensor, tensors: [Tensor?]) {
    let named = indices.reduce(0) { $0 + $1.dimensionCount }
    require(
      named <= rank, "subscript: \(named) dimensions are indexed in shape \(shape)")
    require(
      indices.count(where: \.isEllipsis) <= 1, "subscript: more than one ellipsis")
    var view = self
    var dim = 0
    var tensors: [Tensor?] = []
    func keep(_ count: Int) {
      tensors += Array(repeating: nil, count: count)
      dim += count
    }
    for index in indices {
      switch index {
      case .index(let position): view = view.select(dim, position)
      case .slice(let start, let stop, let step):
        if start != nil || stop != nil || step != 1 {
          view = view.slice(dim: dim, start: start, end: stop, step: step)
        }
        keep(1)
      case .ellipsis: keep(rank - named)
      case .newAxis:
        view = view.unsqueeze(dim)
        keep(1)
      case .tensor(let tensor) where tensor.rank > 0:
        tensors.append(tensor)
        dim += index.dimensionCount
      case .tensor(let tensor):
        if !tensor.isMask {
          view = view.select(dim, tensor.array.item().intValue)
          continue
        }
        // One truth value takes all or nothing of a new dimension.
        view = view.unsqueeze(dim)
        tensors.append(Tensor(tensor.array.item().intValue != 0 ? [0] as [Int] : []))
        dim += 1
      }
    }
    return (view, tensors.contains { $0 != nil } ? tensors : [])
  }

  /// Whether the tensor masks rather than picks.
  fileprivate var isMask: Bool { dtype == .bool || dtype == .uint8 }
}

extension TensorIndex {
  fileprivate var isEllipsis: Bool {
    if case .ellipsis = self { true } else { false }
  }

  /// How many dimensions of the tensor the index speaks of.
  fileprivate var dimensionCount: Int {
    switch self {
    case .index, .slice: 1
    case .ellipsis, .newAxis: 0
    case .tensor(let tensor): tensor.isMask ? tensor.rank : 1
    }
  }
}

/// The elements that a subscript picks.
func subscriptComposite(_ x: Tensor, _ indices: [TensorIndex]) -> Tensor {
  let (view, tensors) = x.resolved(indices)
  return tensors.isEmpty ? view : view.index(tensors)
}
