extension Kernels {
  /// The array side by side with itself, so many times along each dimension.
  public static func `repeat`(_ self: NDArray, _ repeats: [Int]) -> NDArray {
    let added = repeats.count - self.rank
    require(
      added >= 0 && repeats.allSatisfy { $0 >= 0 },
      "repeat: \(repeats) are not repeats for all dimensions of shape \(self.shape)")
    let old = Shape(Array(repeating: 1, count: added) + Array(self.shape))
    var shape = old
    for axis in shape.indices { shape[axis] *= repeats[axis] }
    let result = NDArray(uninitialized: shape, self.dtype)
    if result.count == 0 { return result }
    // The first copy goes to the corner, and grows along one dimension after the other.
    var corner = result.viewed(old, result.strides)
    corner.copy(from: self)
    for axis in shape.indices.reversed() where repeats[axis] > 1 {
      for copy in 1..<repeats[axis] {
        result.viewed(
          corner.shape, result.strides,
          offset: result.offset + copy * old[axis] * result.strides[axis]
        ).copy(from: corner)
      }
      var grown = corner.shape
      grown[axis] = shape[axis]
      corner = result.viewed(grown, result.strides)
    }
    return result
  }

  /// The elements in reverse order along dimensions.
  public static func flip(_ self: NDArray, _ dims: [Int]) -> NDArray {
    let result = NDArray(uninitialized: self.shape, self.dtype)
    if self.rank == 0 || result.count == 0 {
      for dim in dims { _ = self.shape.axis(dim, "flip") }
      result.copy(from: self)
      return result
    }
    var strides = result.strides
    var offset = result.offset
    for dim in dims {
      let axis = self.shape.axis(dim, "flip")
      require(strides[axis] >= 0, "flip: dimension \(dim) occurs twice in \(dims)")
      offset += (self.shape[axis] - 1) * strides[axis]
      strides[axis] = -strides[axis]
    }
    result.viewed(self.shape, strides, offset: offset).copy(from: self)
    return result
  }

  /// The elements shifted along dimensions, or in the flattened array if none is given.
  public static func roll(_ self: NDArray, _ shifts: [Int], _ dims: [Int] = []) -> NDArray {
    if dims.isEmpty {
      require(shifts.count == 1, "roll: \(shifts.count) shifts without dimensions")
      return reshape(roll(reshape(self, [self.count]), shifts, [0]), Array(self.shape))
    }
    require(
      shifts.count == dims.count, "roll: \(shifts.count) shifts for \(dims.count) dimensions")
    let result = NDArray(uninitialized: self.shape, self.dtype)
    if result.count == 0 || self.rank == 0 {
      for dim in dims { _ = self.shape.axis(dim, "roll") }
      result.copy(from: self)
      return result
    }
    var total = Shape(repeating: 0, count: self.rank)
    for (shift, dim) in zip(shifts, dims) {
      let axis = self.shape.axis(dim, "roll")
      let extent = self.shape[axis]
      total[axis] = ((total[axis] + shift % extent) % extent + extent) % extent
    }
    roll(self, into: result, total, from: 0)
    return result
  }

  /// Cuts the array where it wraps, dimension by dimension, and copies the blocks.
  private static func roll(
    _ source: NDArray, into target: NDArray, _ shifts: Shape, from axis: Int
  ) {
    guard let axis = (axis..<shifts.count).first(where: { shifts[$0] != 0 }) else {
      return target.copy(from: source)
    }
    let extent = source.shape[axis]
    let shift = shifts[axis]
    roll(
      slice(source, axis, 0, extent - shift), into: slice(target, axis, shift, extent), shifts,
      from: axis + 1)
    roll(
      slice(source, axis, extent - shift, extent), into: slice(target, axis, 0, shift), shifts,
      from: axis + 1)
  }

  /// A number added around an array, pairs of (before, after) from the last dimension backwards.
  public static func constantPadNd(_ self: NDArray, _ pad: [Int], _ value: Scalar = 0) -> NDArray {
    require(
      pad.count % 2 == 0 && pad.count / 2 <= self.rank,
      "pad: \(pad) is not a list of pairs for dimensions of shape \(self.shape)")
    var shape = self.shape
    var source = self
    for pair in 0..<pad.count / 2 {
      let axis = self.rank - 1 - pair
      let (before, after) = (pad[2 * pair], pad[2 * pair + 1])
      shape[axis] += before + after
      let extent = self.shape[axis]
      require(
        shape[axis] >= 0,
        "pad: \((before, after)) leaves nothing of dimension \(axis) of shape \(self.shape)")
      let first = Swift.min(Swift.max(-before, 0), extent)
      source = slice(source, axis, first, Swift.max(extent - Swift.max(-after, 0), first))
    }
    let result = full(shape, value, self.dtype)
    if source.count == 0 { return result }
    var inside = result
    for pair in 0..<pad.count / 2 {
      let axis = self.rank - 1 - pair
      let first = Swift.max(pad[2 * pair], 0)
      inside = slice(inside, axis, first, first + source.shape[axis])
    }
    inside.copy(from: source)
    return result
  }
}
