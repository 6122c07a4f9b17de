/// What indexing with tensors comes to: rows of an array whose indexed dimensions are made one.
///
/// Masks stand for the indices of their true elements. Indices broadcast against each other. Where the
/// indexed dimensions are neighbours, those of the indices take their place; else they come first.
struct IndexPlan {
  /// The dimensions in the order in which the indexed ones are neighbours; nil if they are already.
  let order: [Int]?
  /// The rows of the array in that order.
  let rows: IndexedRows
  /// The shape of the elements that are picked.
  let resultShape: Shape

  init(_ shape: Shape, _ indices: [NDArray?], _ name: StaticString) {
    let columns = Self.withoutMasks(shape, indices, name)
    let indexed = columns.indices.filter { columns[$0] != nil }
    guard let first = indexed.first, let last = indexed.last else {
      failRequirement("\(name): no index is given", #fileID, #line)
    }
    var common = Shape()
    for column in columns.compactMap({ $0 }) {
      guard let joined = common.broadcast(with: column.shape) else {
        failRequirement(
          "\(name): indices of shapes \(columns.compactMap { $0?.shape }) don't broadcast",
          #fileID, #line)
      }
      common = joined
    }
    let areNeighbours = last - first == indexed.count - 1
    let before = areNeighbours ? Array(0..<first) : []
    let after = shape.indices.filter { !indexed.contains($0) && !before.contains($0) }
    order = areNeighbours ? nil : indexed + after
    rows = IndexedRows(
      outer: before.reduce(1) { $0 * shape[$1] }, extent: indexed.reduce(1) { $0 * shape[$1] },
      inner: after.reduce(1) { $0 * shape[$1] },
      positions: Self.positions(shape, columns, indexed, common, name))
    resultShape = Shape(before.map { shape[$0] } + Array(common) + after.map { shape[$0] })
  }

  /// The array with the indexed dimensions as neighbours, without a copy.
  func arranged(_ array: NDArray) -> NDArray {
    order.map { Kernels.permute(array, $0) } ?? array
  }

  /// One entry for each dimension: its index, or nil.
  private static func withoutMasks(
    _ shape: Shape, _ indices: [NDArray?], _ name: StaticString
  ) -> [NDArray?] {
    var columns: [NDArray?] = []
    for index in indices {
      guard let index else {
        columns.append(nil)
        continue
      }
      guard index.dtype == .bool || index.dtype == .uint8 else {
        columns.append(Kernels.checkedIndex(index, name))
        continue
      }
      let covered = shape.dropFirst(columns.count).prefix(index.rank)
      require(
        index.rank > 0 && Array(covered) == Array(index.shape),
        "\(name): a mask of shape \(index.shape) does not fit shape \(shape) from dimension "
          + "\(columns.count)")
      let places = Kernels.argwhere(index)
      columns += (0..<index.rank).map { Kernels.select(places, 1, $0) }
    }
    require(
      columns.count <= shape.count, "\(name): \(columns.count) indices for shape \(shape)")
    return columns + Array(repeating: nil, count: shape.count - columns.count)
  }

  /// The indices of each element as one number.
  private static func positions(
    _ shape: Shape, _ columns: [NDArray?], _ indexed: [Int], _ common: Shape, _ name: StaticString
  ) -> NDArray {
    let result = Kernels.zeros([common.elementCount], .int64)
    for axis in indexed {
      guard let column = columns[axis]?.broadcast(to: common).contiguous() else { continue }
      let extent = Int64(shape[axis])
      for position in 0..<result.count {
        let index = column.indices[position]
        require(
          index >= -extent && index < extent,
          "\(name): index \(index) is out of range for dimension \(axis) of shape \(shape)")
        result.indices[position] =
          result.indices[position] * extent + (index < 0 ? index + extent : index)
      }
    }
    return result
  }
}

extension Kernels {
  /// The elements that tensors of indices, or masks, pick; nil keeps a dimension.
  public static func index(_ self: NDArray, _ indices: [NDArray?]) -> NDArray {
    let plan = IndexPlan(self.shape, indices, "index")
    let result = NDArray(uninitialized: plan.resultShape, self.dtype)
    plan.rows.take(from: plan.arranged(self).contiguous(), into: result)
    return result
  }

  /// A copy with other elements, or with elements added, where tensors of indices or masks say.
  public static func indexPut(
    _ self: NDArray, _ indices: [NDArray?], _ values: NDArray, _ accumulate: Bool = false,
    out: NDArray? = nil
  ) -> NDArray {
    let plan = IndexPlan(self.shape, indices, "index_put")
    require(
      values.dtype == self.dtype,
      "index_put: types differ (\(self.dtype.name) and \(values.dtype.name))")
    require(
      values.shape.broadcast(with: plan.resultShape) == plan.resultShape,
      "index_put: values of shape \(values.shape) do not broadcast to \(plan.resultShape)")
    let source = values.broadcast(to: plan.resultShape).contiguous()
    let result = contiguousTarget(self, out, values)
    let arranged = plan.arranged(result)
    let rows = arranged.contiguous()
    if accumulate {
      plan.rows.add(source, to: rows, "index_put")
    } else {
      plan.rows.put(source, into: rows)
    }
    if rows.storage !== result.storage { arranged.copy(from: rows) }
    return Elementwise.deliver(result, out, name: "index_put")
  }
}
