extension Kernels {
  /// A contiguous copy.
  public static func clone(_ self: NDArray) -> NDArray { self.copied() }

  /// The array itself if contiguous, else a copy that is.
  public static func contiguous(_ self: NDArray) -> NDArray { self.contiguous() }

  /// The elements of src, broadcast and converted to the shape and type of self.
  @discardableResult
  public static func copy(_ self: NDArray, _ src: NDArray, out: NDArray? = nil) -> NDArray {
    let result = out ?? NDArray(uninitialized: self.shape, self.dtype)
    require(
      result.shape == self.shape,
      "copy: the destination has shape \(result.shape), the result \(self.shape)")
    let isShifted =
      result.mayOverlap(src) && src.strides(broadcastTo: result.shape) != result.strides
    result.copy(from: isShifted ? src.copied() : src)
    return result
  }

  /// One number in the shape and type of self.
  @discardableResult
  public static func fill(_ self: NDArray, _ value: Scalar, out: NDArray? = nil) -> NDArray {
    let result = out ?? NDArray(uninitialized: self.shape, self.dtype)
    require(
      result.shape == self.shape,
      "fill: the destination has shape \(result.shape), the result \(self.shape)")
    result.fill(value)
    return result
  }

  /// The element of a zero-dimensional array in the shape and type of self.
  @discardableResult
  public static func fill(_ self: NDArray, _ value: NDArray, out: NDArray? = nil) -> NDArray {
    require(value.rank == 0, "fill: the value has shape \(value.shape), not zero dimensions")
    return fill(self, value.item(), out: out)
  }

  /// Zeros in the shape and type of self.
  @discardableResult
  public static func zero(_ self: NDArray, out: NDArray? = nil) -> NDArray {
    fill(self, 0, out: out)
  }

  /// The values in another type; the array itself if it has the type.
  public static func toDtype(_ self: NDArray, _ dtype: DType) -> NDArray { self.cast(to: dtype) }

  /// Arrays joined along an existing dimension; their other extents agree.
  public static func cat(_ tensors: [NDArray], _ dim: Int = 0) -> NDArray {
    // PyTorch skips one-dimensional empty arrays whatever the others' shape.
    let parts = tensors.filter { !($0.rank == 1 && $0.count == 0) }
    guard let first = parts.first else {
      guard let empty = tensors.first else {
        failRequirement("cat: the list of arrays is empty", #fileID, #line)
      }
      return empty.copied()
    }
    require(first.rank > 0, "cat: zero-dimensional arrays cannot be joined; use stack")
    let axis = first.shape.axis(dim, "cat")
    var shape = first.shape
    shape[axis] = 0
    var dtype = first.dtype
    for part in parts {
      var expected = first.shape
      if axis < part.rank { expected[axis] = part.shape[axis] }
      require(
        part.shape == expected,
        "cat: shapes \(first.shape) and \(part.shape) differ outside dimension \(dim)")
      shape[axis] += part.shape[axis]
      dtype = dtype.promoted(with: part.dtype)
    }
    let result = NDArray(uninitialized: shape, dtype)
    var start = 0
    for part in parts {
      narrow(result, axis, start, part.shape[axis]).copy(from: part)
      start += part.shape[axis]
    }
    return result
  }

  /// Arrays of one shape joined along a new dimension.
  public static func stack(_ tensors: [NDArray], _ dim: Int = 0) -> NDArray {
    guard let first = tensors.first else {
      failRequirement("stack: the list of arrays is empty", #fileID, #line)
    }
    for part in tensors {
      require(
        part.shape == first.shape, "stack: shapes \(first.shape) and \(part.shape) differ")
    }
    return cat(tensors.map { unsqueeze($0, dim) }, dim)
  }
}
