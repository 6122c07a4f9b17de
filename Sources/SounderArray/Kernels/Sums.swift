import CKernels

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

  /// The product of all elements.
  public static func prod(_ self: NDArray, _ dtype: DType? = nil) -> NDArray {
    product(self, nil, false, dtype)
  }

  /// Products over a dimension; integers and bools give int64.
  public static func prod(
    _ self: NDArray, _ dim: Int, _ keepdim: Bool = false, _ dtype: DType? = nil
  ) -> NDArray { product(self, [dim], keepdim, dtype) }

  private static func product(
    _ self: NDArray, _ dim: [Int]?, _ keepdim: Bool, _ dtype: DType?
  ) -> NDArray {
    let type = dtype ?? (self.dtype.isDifferentiable ? self.dtype : .int64)
    let total = Reduction(
      self.cast(to: type), mask: Reduction.mask(dim, self.shape, "prod"), keepdim: keepdim
    ).fold(CK_PROD, into: type.sumAccumulator, initial: 1, name: "prod")
    return total.cast(to: type)
  }

  /// The sum of the elements on the diagonal of a matrix.
  public static func trace(_ self: NDArray) -> NDArray {
    require(self.rank == 2, "trace: shape \(self.shape) is not that of a matrix")
    return sum(diagonal(self), nil, false)
  }

  /// Sums over the dimensions along which `size` would broadcast to the shape of self.
  public static func sumToSize(_ self: NDArray, _ size: [Int]) -> NDArray {
    sumToSize(self, Shape(size))
  }

  /// Sums over the dimensions along which an inline shape would broadcast to the shape of self.
  public static func sumToSize(_ self: NDArray, _ size: Shape) -> NDArray {
    // A zero-dimensional integer is summed too, and gets the type of a sum.
    if self.shape == size {
      return size.isEmpty && !self.dtype.isDifferentiable ? self.cast(to: .int64) : self
    }
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
}
