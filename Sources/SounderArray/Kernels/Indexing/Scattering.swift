import CKernels

/// Operators that read or write single elements along a dimension.
extension Kernels {
  /// out[i][j] = self[index[i][j]][j] for dim 0, and likewise for the others.
  public static func gather(_ self: NDArray, _ dim: Int, _ index: NDArray) -> NDArray {
    let axis = self.shape.axis(dim, "gather")
    let names = checkedIndex(index, "gather")
    let result = NDArray(uninitialized: index.shape, self.dtype)
    if result.count == 0 { return result }
    let (source, target) = (atLeastOneDimension(self), atLeastOneDimension(result))
    let places = atLeastOneDimension(names)
    require(
      fits(places, source, except: axis),
      "gather: index \(index.shape) exceeds shape \(self.shape) outside dimension \(dim)")
    guard let loop = ck_gather(self.dtype.byteSize) else { return result }
    let step = source.strides[axis]
    let limit = source.shape[axis]
    // A run along the indexed dimension itself stays at its start.
    let nest = LoopNest(
      places.shape, target.strides, source.strides.zeroing(axis), places.strides)
    nest.forEachRun { offsets, count in
      let indices = places.indices + offsets[2]
      let bad = loop(
        target.address(offsets[0]), nest.inner[0], source.address(offsets[1]), nest.inner[1], step,
        indices, nest.inner[2], limit, count)
      require(
        bad < 0,
        "gather: index \(indices[bad * nest.inner[2]]) is out of range for dimension \(dim) of "
          + "shape \(self.shape)")
    }
    return result
  }

  /// A copy of self with src[i][j] at [index[i][j]][j] for dim 0, and likewise for the others.
  public static func scatter(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ src: NDArray, out: NDArray? = nil
  ) -> NDArray {
    let result = contiguousTarget(self, out, src, index)
    scatter(
      into: result, dim, index, src, ck_scatter_assign(self.dtype.byteSize), "scatter")
    return Elementwise.deliver(result, out, name: "scatter")
  }

  /// A copy of self with a number at [index[i][j]][j] for dim 0, and likewise for the others.
  public static func scatter(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ value: Scalar, out: NDArray? = nil
  ) -> NDArray {
    let number = NDArray(scalar: value, self.dtype).broadcast(to: index.shape)
    return scatter(self, dim, index, number, out: out)
  }

  /// A copy of self with src[i][j] added to [index[i][j]][j] for dim 0, and likewise for the others.
  public static func scatterAdd(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ src: NDArray, out: NDArray? = nil
  ) -> NDArray {
    let result = contiguousTarget(self, out, src, index)
    scatter(
      into: result, dim, index, src, ck_scatter(CK_SCATTER_ADD, self.dtype.rawValue),
      "scatter_add")
    return Elementwise.deliver(result, out, name: "scatter_add")
  }

  /// A copy of self in which the elements that an index sends to one place are combined: `reduce` is
  /// sum, prod, mean, amax or amin.
  public static func scatterReduce(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ src: NDArray, _ reduce: String,
    _ includeSelf: Bool = true, out: NDArray? = nil
  ) -> NDArray {
    guard let operation = ScatterReduction(rawValue: reduce) else {
      failRequirement(
        "scatter_reduce: reduce must be 'sum', 'prod', 'mean', 'amax' or 'amin', not '\(reduce)'",
        #fileID, #line)
    }
    var result = contiguousTarget(self, out, src, index)
    if !includeSelf {
      // Places nobody is sent to keep their element.
      let neutral = NDArray(scalar: operation.neutral(self.dtype), self.dtype)
      scatter(
        into: result, dim, index, neutral.broadcast(to: index.shape),
        ck_scatter_assign(self.dtype.byteSize), "scatter_reduce")
    }
    scatter(
      into: result, dim, index, src, ck_scatter(operation.loop, self.dtype.rawValue),
      "scatter_reduce")
    if operation == .mean {
      let counts = scatterCounts(self.shape, dim, index, includeSelf)
      let quotient =
        self.dtype.isDifferentiable
        ? div(result, counts.cast(to: self.dtype)) : floorQuotient(result, counts)
      if out == nil { result = quotient } else { result.copy(from: quotient) }
    }
    return Elementwise.deliver(result, out, name: "scatter_reduce")
  }

  /// How many elements an index sends to each place, at least 1; with the place's own if asked for.
  public static func scatterCounts(
    _ shape: Shape, _ dim: Int, _ index: NDArray, _ includeSelf: Bool
  ) -> NDArray {
    let ones = NDArray(scalar: 1, .int64)
    let counts = scatterAdd(
      full(shape, includeSelf ? 1 : 0, .int64), dim, index, ones.broadcast(to: index.shape))
    return maximum(counts, ones)
  }

  private static func floorQuotient(_ sums: NDArray, _ counts: NDArray) -> NDArray {
    let (a, b) = (sums.cast(to: .int64).contiguous(), counts.contiguous())
    let result = NDArray(uninitialized: a.shape, .int64)
    for i in 0..<a.count {
      let (quotient, rest) = a.indices[i].quotientAndRemainder(dividingBy: b.indices[i])
      result.indices[i] = rest < 0 ? quotient - 1 : quotient
    }
    return result.cast(to: sums.dtype)
  }

  private static func scatter(
    into result: NDArray, _ dim: Int, _ index: NDArray, _ src: NDArray,
    _ loop: (
      @convention(c) (
        UnsafeMutableRawPointer?, Int, Int, UnsafePointer<Int64>?, Int, Int, UnsafeRawPointer?, Int,
        Int
      ) -> Int
    )?, _ name: StaticString
  ) {
    let axis = result.shape.axis(dim, "\(name)")
    let names = checkedIndex(index, name)
    require(
      result.dtype == src.dtype,
      "\(name): types differ (\(result.dtype.name) and \(src.dtype.name))")
    guard let loop else { Elementwise.unsupported(name, result.dtype) }
    if index.count == 0 { return }
    let (target, source) = (atLeastOneDimension(result), atLeastOneDimension(src))
    let places = atLeastOneDimension(names)
    require(
      fits(places, target, except: axis) && fits(places, source, except: nil),
      "\(name): index \(index.shape) exceeds shape \(result.shape) or source \(src.shape)")
    let step = target.strides[axis]
    let limit = target.shape[axis]
    let nest = LoopNest(
      places.shape, target.strides.zeroing(axis), places.strides, source.strides)
    nest.forEachRun { offsets, count in
      let indices = places.indices + offsets[1]
      let bad = loop(
        target.address(offsets[0]), nest.inner[0], step, indices, nest.inner[1], limit,
        source.address(offsets[2]), nest.inner[2], count)
      require(
        bad < 0,
        "\(name): index \(indices[bad * nest.inner[1]]) is out of range for dimension \(dim) of "
          + "shape \(result.shape)")
    }
  }

  /// The array, or a vector of one element for a zero-dimensional one.
  private static func atLeastOneDimension(_ array: NDArray) -> NDArray {
    array.rank == 0 ? array.viewed([1], [1]) : array
  }

  private static func fits(_ index: NDArray, _ array: NDArray, except axis: Int?) -> Bool {
    guard index.rank == array.rank else { return false }
    for other in 0..<index.rank where other != axis && index.shape[other] > array.shape[other] {
      return false
    }
    return true
  }
}

/// How elements that meet in one place are combined.
private enum ScatterReduction: String {
  case sum, prod, mean, amax, amin

  var loop: ck_scatter_op {
    switch self {
    case .sum, .mean: CK_SCATTER_ADD
    case .prod: CK_SCATTER_MULTIPLY
    case .amax: CK_SCATTER_MAXIMUM
    case .amin: CK_SCATTER_MINIMUM
    }
  }

  /// The element that changes nothing.
  func neutral(_ dtype: DType) -> Scalar {
    switch self {
    case .sum, .mean: 0
    case .prod: 1
    case .amax, .amin:
      switch dtype {
      case .bool: .bool(self == .amin)
      case .uint8: .int(self == .amin ? Int(UInt8.max) : 0)
      case .int32: .int(Int(self == .amin ? Int32.max : .min))
      case .int64: .int(self == .amin ? .max : .min)
      default: .float(self == .amin ? .infinity : -.infinity)
      }
    }
  }
}

extension Shape {
  /// The shape with one of its values set to zero.
  func zeroing(_ axis: Int) -> Shape {
    var result = self
    if axis < count { result[axis] = 0 }
    return result
  }
}
