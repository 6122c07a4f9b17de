import CKernels

/// A reduction over some dimensions: which remain, which go, and the loops over them.
struct Reduction {
  let input: NDArray
  private var kept = (shape: Shape(), strides: Strides())
  private var reduced = (shape: Shape(), strides: Strides())
  /// The result's shape, with extents of 1 for the reduced dimensions if they are kept.
  private(set) var shape = Shape()

  /// Reduces the dimensions whose bit is set in `mask`.
  init(_ input: NDArray, mask: Int, keepdim: Bool) {
    self.input = input
    for axis in 0..<input.rank {
      if mask & (1 << axis) != 0 {
        reduced.shape.append(input.shape[axis])
        reduced.strides.append(input.strides[axis])
        if keepdim { shape.append(1) }
      } else {
        kept.shape.append(input.shape[axis])
        kept.strides.append(input.strides[axis])
        shape.append(input.shape[axis])
      }
    }
  }

  /// How many elements each result is made from.
  var elementsPerResult: Int { reduced.shape.elementCount }

  /// Folds the elements into accumulators of type `accumulator`, one per result, in row-major order.
  func fold(_ op: ck_reduce_op, into accumulator: DType, initial: Scalar, name: StaticString)
    -> NDArray
  {
    let result =
      initial == 0 ? Kernels.zeros(shape, accumulator) : Kernels.full(shape, initial, accumulator)
    guard let loop = ck_reduce(op, input.dtype.rawValue),
      let columnsLoop = ck_reduce_columns(op, input.dtype.rawValue)
    else { Elementwise.unsupported(name, input.dtype) }
    let outer = LoopNest(kept.shape, kept.shape.contiguousStrides, kept.strides)
    let inner = LoopNest(reduced.shape, reduced.strides)
    let keptStride = outer.inner[1]
    let reducedStride = inner.inner[0]
    let byColumns = outer.inner[0] == 1 && keptStride != 0 && keptStride < reducedStride
    outer.forEachRun { start, columns in
      inner.forEachRun { offset, rows in
        if byColumns {
          columnsLoop(
            result.address(start[0]), input.address(start[1] + offset[0]), reducedStride,
            keptStride, rows, columns)
        } else {
          for column in 0..<columns {
            loop(
              result.address(start[0] + column),
              input.address(start[1] + offset[0] + column * keptStride), reducedStride, rows)
          }
        }
      }
    }
    return result
  }

  /// Calls `body` for each result's index with its run along the one reduced dimension.
  func forEachLine(
    _ body: (_ result: Int, _ line: UnsafeRawPointer, _ stride: Int, _ count: Int) -> Void
  ) {
    let outer = LoopNest(kept.shape, kept.shape.contiguousStrides, kept.strides)
    let stride = reduced.strides.first ?? 1
    let length = reduced.shape.first ?? 1
    outer.forEachRun { start, count in
      for step in 0..<count {
        body(
          start[0] + step, input.address(start[1] + step * outer.inner[1]), stride, length)
      }
    }
  }

  /// The bits of a list of dimensions; all of them for nil and for an empty list.
  static func mask(_ dims: [Int]?, _ shape: Shape, _ name: StaticString) -> Int {
    guard let dims, !dims.isEmpty else { return (1 << shape.count) - 1 }
    var mask = 0
    for dim in dims {
      let axis = shape.axis(dim, "\(name)")
      require(mask & (1 << axis) == 0, "\(name): dimension \(dim) occurs twice in \(dims)")
      mask |= 1 << axis
    }
    return mask
  }
}

extension DType {
  /// The type sums are accumulated in.
  var sumAccumulator: DType {
    isComplex ? .complex128 : isFloatingPoint ? .float64 : .int64
  }
}

extension Kernels {
  /// The sum of all elements.
  public static func sum(_ self: NDArray, _ dtype: DType? = nil) -> NDArray {
    if self.dtype == .float32, dtype == nil || dtype == .float32, self.isContiguous,
      let loop = ck_reduce(CK_SUM, self.dtype.rawValue)
    {
      var total = 0.0
      loop(&total, self.pointer, 1, self.count)
      let result = NDArray(uninitialized: Shape(), .float32)
      result.floats.pointee = Float(total)
      return result
    }
    return sum(self, nil, false, dtype)
  }

  /// Sums over dimensions; integers and bools give int64.
  public static func sum(
    _ self: NDArray, _ dim: [Int]?, _ keepdim: Bool = false, _ dtype: DType? = nil,
    out: NDArray? = nil
  ) -> NDArray {
    let type = dtype ?? (self.dtype.isDifferentiable ? self.dtype : .int64)
    let input = dtype.map { self.cast(to: $0) } ?? self
    let reduction = Reduction(
      input, mask: Reduction.mask(dim, self.shape, "sum"), keepdim: keepdim)
    let total = reduction.fold(
      CK_SUM, into: type.sumAccumulator, initial: 0, name: "sum")
    return deliver(total, type, out, "sum")
  }

  /// The mean of all elements.
  public static func mean(_ self: NDArray, _ dtype: DType? = nil) -> NDArray {
    mean(self, nil, false, dtype)
  }

  /// Means over dimensions.
  public static func mean(
    _ self: NDArray, _ dim: [Int]?, _ keepdim: Bool = false, _ dtype: DType? = nil
  ) -> NDArray {
    let type = dtype ?? self.dtype
    require(
      type.isDifferentiable, "mean: not defined for \(type.name); give a floating-point dtype")
    let reduction = Reduction(
      self.cast(to: type), mask: Reduction.mask(dim, self.shape, "mean"), keepdim: keepdim)
    let total = reduction.fold(CK_SUM, into: type.sumAccumulator, initial: 0, name: "mean")
    let count = Scalar.float(Double(reduction.elementsPerResult))
    return deliver(div(total, count, out: total), type, nil, "mean")
  }

  /// The largest elements over dimensions; NaN wins.
  public static func amax(_ self: NDArray, _ dim: [Int] = [], _ keepdim: Bool = false) -> NDArray {
    let reduction = Reduction(
      self, mask: Reduction.mask(dim, self.shape, "amax"), keepdim: keepdim)
    require(
      reduction.elementsPerResult > 0 || reduction.shape.elementCount == 0,
      "amax: no maximum over an empty dimension of shape \(self.shape)")
    return reduction.fold(CK_MAX, into: self.dtype, initial: self.dtype.bounds.0, name: "amax")
  }

  /// The index of the first largest element, of the flattened array or along a dimension.
  public static func argmax(_ self: NDArray, _ dim: Int? = nil, _ keepdim: Bool = false) -> NDArray
  {
    guard let loop = ck_argmax(self.dtype.rawValue) else {
      Elementwise.unsupported("argmax", self.dtype)
    }
    guard let dim, self.rank > 0 else {
      require(self.count > 0, "argmax: the array is empty")
      let flat = self.contiguous()
      let index = NDArray(scalar: .int(Int(loop(flat.pointer, 1, flat.count))))
      return keepdim ? reshape(index, [Int](repeating: 1, count: self.rank)) : index
    }
    let axis = self.shape.axis(dim, "argmax")
    let reduction = Reduction(self, mask: 1 << axis, keepdim: keepdim)
    require(
      self.shape[axis] > 0 || reduction.shape.elementCount == 0,
      "argmax: dimension \(dim) of shape \(self.shape) is empty")
    let result = NDArray(uninitialized: reduction.shape, .int64)
    let indices = result.pointer.assumingMemoryBound(to: Int64.self)
    reduction.forEachLine { position, line, stride, count in
      indices[position] = loop(line, stride, count)
    }
    return result
  }

  /// Variances over dimensions; `correction` is subtracted from the number of elements.
  public static func `var`(
    _ self: NDArray, _ dim: [Int]? = nil, _ correction: Int = 1, _ keepdim: Bool = false
  ) -> NDArray {
    require(self.dtype.isDifferentiable, "var: not defined for \(self.dtype.name)")
    let mask = Reduction.mask(dim, self.shape, "var")
    let wide = self.cast(to: self.dtype.sumAccumulator)
    let centred = sub(wide, mean(wide, dim, true))
    let squares = centred.dtype.isComplex ? square(abs(centred)) : square(centred)
    let reduction = Reduction(squares, mask: mask, keepdim: keepdim)
    let total = reduction.fold(CK_SUM, into: .float64, initial: 0, name: "var")
    let freedom = Double(Swift.max(reduction.elementsPerResult - correction, 0))
    return deliver(div(total, .float(freedom), out: total), self.dtype.realType, nil, "var")
  }

  /// log(sum(exp(self))) over dimensions, computed without overflow.
  public static func logsumexp(_ self: NDArray, _ dim: [Int], _ keepdim: Bool = false) -> NDArray {
    let x = self.cast(to: self.dtype.inexact)
    if x.count == 0 { return log(sum(exp(x), dim, keepdim)) }
    let largest = amax(x, dim, true)
    // An infinite maximum would make inf - inf.
    let finite = maskedFill(largest, eq(abs(largest), .float(.infinity)), 0)
    let result = add(log(sum(exp(sub(x, finite)), dim, true)), finite)
    if keepdim { return result }
    return reshape(result, [Int](sum(x, dim, false).shape))
  }

  /// Whether all elements are non-zero.
  public static func all(_ self: NDArray) -> NDArray { logical(CK_ALL, self, nil, false, "all") }

  /// Whether all elements along a dimension are non-zero.
  public static func all(_ self: NDArray, _ dim: Int, _ keepdim: Bool = false) -> NDArray {
    logical(CK_ALL, self, dim, keepdim, "all")
  }

  /// Whether any element is non-zero.
  public static func any(_ self: NDArray) -> NDArray { logical(CK_ANY, self, nil, false, "any") }

  /// Whether any element along a dimension is non-zero.
  public static func any(_ self: NDArray, _ dim: Int, _ keepdim: Bool = false) -> NDArray {
    logical(CK_ANY, self, dim, keepdim, "any")
  }

  private static func logical(
    _ op: ck_reduce_op, _ self: NDArray, _ dim: Int?, _ keepdim: Bool, _ name: StaticString
  ) -> NDArray {
    let mask = Reduction.mask(dim.map { [$0] }, self.shape, name)
    return Reduction(self, mask: mask, keepdim: keepdim)
      .fold(op, into: .bool, initial: .bool(op == CK_ALL), name: name)
  }

  /// Running sums along a dimension.
  public static func cumsum(_ self: NDArray, _ dim: Int, _ dtype: DType? = nil) -> NDArray {
    let type = dtype ?? (self.dtype.isDifferentiable ? self.dtype : .int64)
    let input = self.cast(to: type)
    guard let loop = ck_cumsum(type.rawValue) else { Elementwise.unsupported("cumsum", type) }
    let axis = self.shape.axis(dim, "cumsum")
    if self.rank == 0 { return input.copied() }
    let result = NDArray(uninitialized: self.shape, type)
    let lines = (shape: result.shape.removing(axis), out: result.strides.removing(axis))
    let nest = LoopNest(lines.shape, lines.out, input.strides.removing(axis))
    nest.forEachRun { offsets, count in
      for step in 0..<count {
        loop(
          result.address(offsets[0] + step * nest.inner[0]), result.strides[axis],
          input.address(offsets[1] + step * nest.inner[1]), input.strides[axis],
          self.shape[axis])
      }
    }
    return result
  }

  /// Sums over the dimensions along which `size` would broadcast to the shape of self.
  public static func sumToSize(_ self: NDArray, _ size: [Int]) -> NDArray {
    sumToSize(self, Shape(size))
  }

  /// Sums over the dimensions along which an inline shape would broadcast to the shape of self.
  public static func sumToSize(_ self: NDArray, _ size: Shape) -> NDArray {
    if self.shape == size { return self }
    let shift = self.rank - size.count
    require(
      shift >= 0 && size.broadcast(with: self.shape) == self.shape,
      "sum_to_size: \(size) does not broadcast to shape \(self.shape)")
    var mask = 0
    for axis in 0..<self.rank
    where axis < shift || (size[axis - shift] == 1 && self.shape[axis] != 1) {
      mask |= 1 << axis
    }
    let type: DType = self.dtype.isDifferentiable ? self.dtype : .int64
    let total = Reduction(self, mask: mask, keepdim: true)
      .fold(CK_SUM, into: type.sumAccumulator, initial: 0, name: "sum_to_size")
    return deliver(total, type, nil, "sum_to_size").viewed(size, size.contiguousStrides)
  }

  /// Converts accumulators to the result's type, straight into the destination if there is one.
  private static func deliver(
    _ accumulators: NDArray, _ dtype: DType, _ out: NDArray?, _ name: StaticString
  ) -> NDArray {
    guard let out else { return accumulators.cast(to: dtype) }
    require(
      out.shape == accumulators.shape,
      "\(name): the destination has shape \(out.shape), the result \(accumulators.shape)")
    out.copy(from: accumulators)
    return out
  }
}
