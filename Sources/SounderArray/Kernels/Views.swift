extension NDArray {
  /// A view with other extents and strides of the same storage.
  @inline(__always)
  func viewed(_ shape: Shape, _ strides: Strides, offset: Int? = nil) -> NDArray {
    NDArray(
      storage: storage, dtype: dtype, offset: offset ?? self.offset, shape: shape,
      strides: strides)
  }

  /// The strides with which this array can be seen in another shape, or nil if it must be copied.
  ///
  /// Dimensions without gaps between them form a run, which may be cut anew; every new dimension must
  /// lie within one run.
  func strides(viewedAs target: Shape) -> Strides? {
    if isContiguous { return target.contiguousStrides }
    let runs = LoopNest(shape, strides)
    var result = Strides(repeating: 1, count: target.count)
    var axis = target.count - 1
    for run in 0..<runs.extents.count {
      var remaining = runs.extents[run]
      var stride = runs.stride(0, run)
      while axis >= 0, remaining > 1 || target[axis] == 1 {
        guard target[axis] > 0, remaining % target[axis] == 0 else { return nil }
        result[axis] = stride
        stride *= target[axis]
        remaining /= target[axis]
        axis -= 1
      }
      if remaining != 1 { return nil }
    }
    return axis < 0 ? result : nil
  }
}

extension Kernels {
  /// The transpose of a matrix; arrays of fewer dimensions are returned unchanged.
  public static func t(_ self: NDArray) -> NDArray {
    require(self.rank <= 2, "t: expects at most 2 dimensions, not shape \(self.shape)")
    return self.rank < 2 ? self : transpose(self, 0, 1)
  }

  /// Two dimensions swapped.
  public static func transpose(_ self: NDArray, _ dim0: Int, _ dim1: Int) -> NDArray {
    let a = self.shape.axis(dim0, "transpose")
    let b = self.shape.axis(dim1, "transpose")
    if self.rank == 0 { return self }
    var shape = self.shape
    var strides = self.strides
    shape[a] = self.shape[b]
    shape[b] = self.shape[a]
    strides[a] = self.strides[b]
    strides[b] = self.strides[a]
    return self.viewed(shape, strides)
  }

  /// The dimensions in another order.
  public static func permute(_ self: NDArray, _ dims: [Int]) -> NDArray {
    require(
      dims.count == self.rank, "permute: \(dims.count) dimensions given for shape \(self.shape)")
    var shape = Shape()
    var strides = Strides()
    var seen = 0
    for dim in dims {
      let axis = self.shape.axis(dim, "permute")
      require(seen & (1 << axis) == 0, "permute: dimension \(dim) occurs twice in \(dims)")
      seen |= 1 << axis
      shape.append(self.shape[axis])
      strides.append(self.strides[axis])
    }
    return self.viewed(shape, strides)
  }

  /// The elements in another shape, without a copy; one extent may be -1.
  public static func view(_ self: NDArray, _ size: [Int]) -> NDArray {
    let target = resolve(size, of: self, "view")
    guard let strides = self.strides(viewedAs: target) else {
      failRequirement(
        "view: shape \(self.shape) with strides \(self.strides) cannot be seen as \(target) "
          + "without a copy; use reshape", #fileID, #line)
    }
    return self.viewed(target, strides)
  }

  /// The elements in another shape: a view where possible, else a copy.
  public static func reshape(_ self: NDArray, _ shape: [Int]) -> NDArray {
    let target = resolve(shape, of: self, "reshape")
    if let strides = self.strides(viewedAs: target) { return self.viewed(target, strides) }
    return self.copied().viewed(target, target.contiguousStrides)
  }

  /// The dimensions start_dim through end_dim made one.
  public static func flatten(_ self: NDArray, _ startDim: Int = 0, _ endDim: Int = -1) -> NDArray {
    if self.rank == 0 { return reshape(self, [1]) }
    let first = self.shape.axis(startDim, "flatten")
    let last = self.shape.axis(endDim, "flatten")
    require(first <= last, "flatten: start_dim \(startDim) lies after end_dim \(endDim)")
    var size = [Int](self.shape[..<first])
    size.append(self.shape[first...last].reduce(1, *))
    size += self.shape[(last + 1)...]
    return reshape(self, size)
  }

  /// Extents of 1 stretched to larger ones; -1 keeps an extent.
  public static func expand(_ self: NDArray, _ size: [Int]) -> NDArray {
    let shift = size.count - self.rank
    require(shift >= 0, "expand: \(size) has fewer dimensions than shape \(self.shape)")
    var shape = Shape()
    var strides = Strides()
    for (axis, extent) in size.enumerated() {
      let old = axis < shift ? 1 : self.shape[axis - shift]
      let target = extent == -1 && axis >= shift ? old : extent
      require(
        target >= 0 && (old == target || old == 1),
        "expand: shape \(self.shape) cannot be expanded to \(size)")
      shape.append(target)
      strides.append(axis < shift || old == 1 && target != 1 ? 0 : self.strides[axis - shift])
    }
    return self.viewed(shape, strides)
  }

  /// Extents of 1 removed.
  public static func squeeze(_ self: NDArray) -> NDArray {
    var shape = Shape()
    var strides = Strides()
    for axis in 0..<self.rank where self.shape[axis] != 1 {
      shape.append(self.shape[axis])
      strides.append(self.strides[axis])
    }
    return self.viewed(shape, strides)
  }

  /// A dimension removed if its extent is 1.
  public static func squeeze(_ self: NDArray, _ dim: Int) -> NDArray {
    let axis = self.shape.axis(dim, "squeeze")
    if self.rank == 0 || self.shape[axis] != 1 { return self }
    return self.viewed(self.shape.removing(axis), self.strides.removing(axis))
  }

  /// Those of the given dimensions removed whose extent is 1.
  public static func squeeze(_ self: NDArray, _ dim: [Int]) -> NDArray {
    var removed = 0
    for axis in dim.map({ self.shape.axis($0, "squeeze") }) {
      require(removed & (1 << axis) == 0, "squeeze: dimension \(axis) occurs twice in \(dim)")
      removed |= 1 << axis
    }
    var shape = Shape()
    var strides = Strides()
    for axis in 0..<self.rank where removed & (1 << axis) == 0 || self.shape[axis] != 1 {
      shape.append(self.shape[axis])
      strides.append(self.strides[axis])
    }
    return self.viewed(shape, strides)
  }

  /// A dimension of extent 1 inserted.
  public static func unsqueeze(_ self: NDArray, _ dim: Int) -> NDArray {
    let limit = self.rank + 1
    require(
      dim >= -limit && dim < limit,
      "unsqueeze: dimension \(dim) is out of range for shape \(self.shape)")
    let axis = dim < 0 ? dim + limit : dim
    let stride = axis < self.rank ? self.strides[axis] * self.shape[axis] : 1
    return self.viewed(
      self.shape.inserting(1, at: axis), self.strides.inserting(stride, at: axis))
  }

  /// One index of a dimension, which disappears.
  public static func select(_ self: NDArray, _ dim: Int, _ index: Int) -> NDArray {
    require(self.rank > 0, "select: a zero-dimensional array has nothing to select from")
    let axis = self.shape.axis(dim, "select")
    let extent = self.shape[axis]
    require(
      index >= -extent && index < extent,
      "select: index \(index) is out of range for dimension \(dim) of shape \(self.shape)")
    let position = index < 0 ? index + extent : index
    return self.viewed(
      self.shape.removing(axis), self.strides.removing(axis),
      offset: self.offset + position * self.strides[axis])
  }

  /// Every step-th index from start up to end; both are clipped to the extent, as in Python.
  public static func slice(
    _ self: NDArray, _ dim: Int = 0, _ start: Int? = nil, _ end: Int? = nil, _ step: Int = 1
  ) -> NDArray {
    require(self.rank > 0, "slice: a zero-dimensional array has nothing to slice")
    require(step > 0, "slice: step is \(step), must be positive")
    let axis = self.shape.axis(dim, "slice")
    let extent = self.shape[axis]
    func clip(_ index: Int) -> Int {
      Swift.min(Swift.max(index < 0 ? index + extent : index, 0), extent)
    }
    let first = clip(start ?? 0)
    let last = Swift.max(clip(end ?? extent), first)
    var shape = self.shape
    var strides = self.strides
    shape[axis] = (last - first + step - 1) / step
    strides[axis] *= step
    return self.viewed(shape, strides, offset: self.offset + first * self.strides[axis])
  }

  /// `length` indices of a dimension from `start`.
  public static func narrow(_ self: NDArray, _ dim: Int, _ start: Int, _ length: Int) -> NDArray {
    let axis = self.shape.axis(dim, "narrow")
    let extent = self.rank == 0 ? 0 : self.shape[axis]
    let first = start < 0 ? start + extent : start
    require(
      first >= 0 && length >= 0 && first + length <= extent,
      "narrow: \(length) from \(start) exceeds dimension \(dim) of shape \(self.shape)")
    return slice(self, axis, first, first + length)
  }

  /// The diagonal of two dimensions, as a new last dimension.
  public static func diagonal(
    _ self: NDArray, _ offset: Int = 0, _ dim1: Int = 0, _ dim2: Int = 1
  ) -> NDArray {
    let a = self.shape.axis(dim1, "diagonal")
    let b = self.shape.axis(dim2, "diagonal")
    require(a != b, "diagonal: both dimensions are \(a)")
    let length = Swift.max(
      offset >= 0
        ? Swift.min(self.shape[a], self.shape[b] - offset)
        : Swift.min(self.shape[a] + offset, self.shape[b]), 0)
    var shape = Shape()
    var strides = Strides()
    for axis in 0..<self.rank where axis != a && axis != b {
      shape.append(self.shape[axis])
      strides.append(self.strides[axis])
    }
    shape.append(length)
    strides.append(self.strides[a] + self.strides[b])
    let start = length == 0 ? 0 : offset >= 0 ? offset * self.strides[b] : -offset * self.strides[a]
    return self.viewed(shape, strides, offset: self.offset + start)
  }

  private static func resolve(_ size: [Int], of array: NDArray, _ name: StaticString) -> Shape {
    var shape = Shape(size)
    let count = array.count
    if let unknown = size.firstIndex(of: -1) {
      let known = size.reduce(1, *) * -1
      require(
        known > 0 && count % known == 0, "\(name): shape \(array.shape) does not fit \(size)")
      shape[unknown] = count / known
    }
    require(
      shape.elementCount == count && shape.allSatisfy { $0 >= 0 },
      "\(name): shape \(array.shape) does not fit \(size)")
    return shape
  }
}

extension Shape {
  /// The shape without one of its extents.
  func removing(_ axis: Int) -> Shape {
    var result = Shape()
    for other in 0..<count where other != axis { result.append(self[other]) }
    return result
  }

  /// The shape with one more extent.
  func inserting(_ extent: Int, at axis: Int) -> Shape {
    var result = Shape()
    for other in 0..<count {
      if other == axis { result.append(extent) }
      result.append(self[other])
    }
    if axis == count { result.append(extent) }
    return result
  }
}
