import CKernels

extension Kernels {
  /// out[i][j] = self[index[i][j]][j] for dim 0, and likewise for the others.
  public static func gather(_ self: NDArray, _ dim: Int, _ index: NDArray) -> NDArray {
    let axis = self.shape.axis(dim, "gather")
    checkIndex(index, "gather")
    require(
      fits(index, self, except: axis),
      "gather: index \(index.shape) exceeds shape \(self.shape) outside dimension \(dim)")
    let result = NDArray(uninitialized: index.shape, self.dtype)
    guard let loop = ck_gather(self.dtype.byteSize) else { return result }
    let step = self.rank == 0 ? 0 : self.strides[axis]
    let limit = self.rank == 0 ? 1 : self.shape[axis]
    // A run along the indexed dimension itself stays at its start.
    let nest = LoopNest(
      index.shape, result.strides, self.strides.zeroing(axis), index.strides)
    nest.forEachRun { offsets, count in
      let indices = index.indices + offsets[2]
      let bad = loop(
        result.address(offsets[0]), nest.inner[0], self.address(offsets[1]), nest.inner[1], step,
        indices, nest.inner[2], limit, count)
      require(
        bad < 0,
        "gather: index \(indices[bad * nest.inner[2]]) is out of range for dimension \(dim) of "
          + "shape \(self.shape)")
    }
    return result
  }

  /// A copy of self with src[i][j] added to [index[i][j]][j] for dim 0, and likewise for the others.
  public static func scatterAdd(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ src: NDArray
  ) -> NDArray {
    let axis = self.shape.axis(dim, "scatter_add")
    checkIndex(index, "scatter_add")
    require(
      self.dtype == src.dtype,
      "scatter_add: types differ (\(self.dtype.name) and \(src.dtype.name))")
    require(
      fits(index, self, except: axis) && fits(index, src, except: nil),
      "scatter_add: index \(index.shape) exceeds shape \(self.shape) or source \(src.shape)")
    let result = self.copied()
    guard let loop = ck_scatter_add(self.dtype.rawValue) else {
      Elementwise.unsupported("scatter_add", self.dtype)
    }
    let step = self.rank == 0 ? 0 : result.strides[axis]
    let limit = self.rank == 0 ? 1 : self.shape[axis]
    let nest = LoopNest(
      index.shape, result.strides.zeroing(axis), index.strides, src.strides)
    nest.forEachRun { offsets, count in
      let indices = index.indices + offsets[1]
      let bad = loop(
        result.address(offsets[0]), nest.inner[0], step, indices, nest.inner[1], limit,
        src.address(offsets[2]), nest.inner[2], count)
      require(
        bad < 0,
        "scatter_add: index \(indices[bad * nest.inner[1]]) is out of range for dimension \(dim) of "
          + "shape \(self.shape)")
    }
    return result
  }

  /// The slices of a dimension that a one-dimensional index names.
  public static func indexSelect(_ self: NDArray, _ dim: Int, _ index: NDArray) -> NDArray {
    let axis = self.shape.axis(dim, "index_select")
    checkIndex(index, "index_select")
    require(index.rank <= 1, "index_select: the index has shape \(index.shape)")
    if self.rank == 0 { return self.copied() }
    let result = NDArray(
      uninitialized: self.shape.removing(axis).inserting(index.count, at: axis), self.dtype)
    forEachIndex(index, limit: self.shape[axis], "index_select") { position, slice in
      select(result, axis, position).copy(from: select(self, axis, slice))
    }
    return result
  }

  /// A copy of self with the slices of `source` added where a one-dimensional index says.
  public static func indexAdd(_ self: NDArray, _ dim: Int, _ index: NDArray, _ source: NDArray)
    -> NDArray
  {
    let axis = self.shape.axis(dim, "index_add")
    checkIndex(index, "index_add")
    require(
      index.rank <= 1 && self.rank > 0 && source.rank == self.rank
        && source.shape == self.shape.removing(axis).inserting(index.count, at: axis),
      "index_add: source \(source.shape) does not fit shape \(self.shape) and \(index.count) indices"
    )
    require(
      self.dtype == source.dtype,
      "index_add: types differ (\(self.dtype.name) and \(source.dtype.name))")
    let result = self.copied()
    forEachIndex(index, limit: self.shape[axis], "index_add") { position, slice in
      let target = select(result, axis, slice)
      _ = add(target, select(source, axis, position), out: target)
    }
    return result
  }

  /// The rows of `weight` that the indices name: [*] gives [*, features].
  public static func embedding(_ weight: NDArray, _ indices: NDArray, _ paddingIdx: Int = -1)
    -> NDArray
  {
    require(weight.rank == 2, "embedding: the weight has shape \(weight.shape), not two dimensions")
    checkIndex(indices, "embedding")
    let names = indices.contiguous()
    let (rows, width) = (weight.shape[0], weight.shape[1])
    let table = weight.strides[1] == 1 || width == 1 ? weight : weight.copied()
    let result = NDArray(
      uninitialized: indices.shape.inserting(width, at: indices.rank), weight.dtype)
    let bytes = width * weight.dtype.byteSize
    for position in 0..<names.count {
      let row = Int(names.indices[position])
      require(row >= 0 && row < rows, "embedding: index \(row) is not one of \(rows) rows")
      result.address(position * width).copyMemory(
        from: table.address(row * table.strides[0]), byteCount: bytes)
    }
    return result
  }

  /// The gradient of the weight: rows of `grad` added up by index, the padding index left out.
  public static func embeddingDenseBackward(
    _ grad: NDArray, _ indices: NDArray, _ numWeights: Int, _ paddingIdx: Int = -1,
    out: NDArray? = nil
  ) -> NDArray {
    checkIndex(indices, "embedding_dense_backward")
    let width = grad.rank == 0 ? 1 : grad.shape[grad.rank - 1]
    require(
      grad.count == indices.count * width,
      "embedding_dense_backward: gradient \(grad.shape) does not fit indices \(indices.shape)")
    let shape: Shape = [numWeights, width]
    let result = Elementwise.destination(
      out, shape, grad.dtype, inputs: grad, name: "embedding_dense_backward")
    result.fill(0)
    guard let loop = ck_binary(CK_ADD, grad.dtype.rawValue) else {
      Elementwise.unsupported("embedding_dense_backward", grad.dtype)
    }
    let rows = grad.contiguous()
    forEachIndex(
      reshape(indices, [-1]), limit: numWeights, "embedding_dense_backward"
    ) { position, row in
      if row == paddingIdx { return }
      let target = result.address(row * result.strides[0])
      loop(
        target, result.strides[1], target, result.strides[1], rows.address(position * width), 1,
        width, nil)
    }
    return Elementwise.deliver(result, out, name: "embedding_dense_backward")
  }

  private static func checkIndex(_ index: NDArray, _ name: StaticString) {
    require(index.dtype == .int64, "\(name): the index has type \(index.dtype.name), not int64")
  }

  private static func fits(_ index: NDArray, _ array: NDArray, except axis: Int?) -> Bool {
    if index.count == 0 { return true }
    guard index.rank == array.rank else { return false }
    for other in 0..<index.rank where other != axis && index.shape[other] > array.shape[other] {
      return false
    }
    return true
  }

  private static func forEachIndex(
    _ index: NDArray, limit: Int, _ name: StaticString, _ body: (Int, Int) -> Void
  ) {
    let names = index.contiguous()
    for position in 0..<names.count {
      let value = Int(names.indices[position])
      require(
        value >= 0 && value < limit, "\(name): index \(value) is out of range for extent \(limit)")
      body(position, value)
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
