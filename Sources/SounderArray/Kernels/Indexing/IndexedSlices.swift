import CKernels

/// Operators that take or replace whole slices of one dimension.
extension Kernels {
  /// The slices of a dimension that a one-dimensional index names.
  public static func indexSelect(_ self: NDArray, _ dim: Int, _ index: NDArray) -> NDArray {
    let rows = IndexedRows(self.shape, dim, index, "index_select")
    var shape = self.shape
    if self.rank > 0 { shape[rows.axis] = rows.count }
    require(
      self.rank > 0 || rows.count == 1,
      "index_select: \(rows.count) indices for a zero-dimensional array")
    let result = NDArray(uninitialized: shape, self.dtype)
    if !self.isContiguous && rows.count < rows.extent {
      // Not worth a contiguous copy of everything.
      for position in 0..<rows.count {
        select(result, rows.axis, position).copy(
          from: select(self, rows.axis, Int(rows.indices[position])))
      }
      return result
    }
    rows.take(from: self.contiguous(), into: result)
    return result
  }

  /// A copy of self with `alpha` times the slices of `source` added where an index says.
  public static func indexAdd(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ source: NDArray, _ alpha: Scalar = 1,
    out: NDArray? = nil
  ) -> NDArray {
    let rows = IndexedRows(self.shape, dim, index, "index_add")
    rows.requireFit(source, in: self, "index_add")
    let result = contiguousTarget(self, out, source, index)
    let isOne = alpha.doubleValue == 1 && alpha.imaginary == 0
    let scaled = isOne ? source : mul(source, alpha).cast(to: self.dtype)
    rows.add(scaled.contiguous(), to: result, "index_add")
    return Elementwise.deliver(result, out, name: "index_add")
  }

  /// A copy of self with the slices of `source` in the places an index says.
  public static func indexCopy(
    _ self: NDArray, _ dim: Int, _ index: NDArray, _ source: NDArray, out: NDArray? = nil
  ) -> NDArray {
    let rows = IndexedRows(self.shape, dim, index, "index_copy")
    rows.requireFit(source, in: self, "index_copy")
    let result = contiguousTarget(self, out, source, index)
    rows.put(source.contiguous(), into: result)
    return Elementwise.deliver(result, out, name: "index_copy")
  }

  /// The contiguous array an operator that changes parts of `self` works on: `out`, if it is `self` and
  /// no operand lies in it, else a copy.
  static func contiguousTarget(_ self: NDArray, _ out: NDArray?, _ operands: NDArray...) -> NDArray
  {
    guard let out, out.isContiguous, out.storage === self.storage, out.offset == self.offset,
      out.shape == self.shape, self.isContiguous, out.dtype == self.dtype,
      !operands.contains(where: { out.mayOverlap($0) })
    else { return self.copied() }
    return out
  }

  /// An index as contiguous int64; any type will do if it is empty.
  static func checkedIndex(_ index: NDArray, _ name: StaticString) -> NDArray {
    require(
      index.dtype == .int64 || index.dtype == .int32 || index.count == 0,
      "\(name): the index has type \(index.dtype.name), not int64 or int32")
    return index.cast(to: .int64).contiguous()
  }
}

/// The slices of a dimension that checked indices name: rows of a contiguous array [outer, extent, inner].
struct IndexedRows {
  let axis: Int
  let outer: Int
  let extent: Int
  let inner: Int
  private let names: NDArray

  var count: Int { names.count }
  var indices: UnsafeMutablePointer<Int64> { names.indices }

  init(
    _ shape: Shape, _ dim: Int, _ index: NDArray, _ name: StaticString
  ) {
    axis = shape.axis(dim, "\(name)")
    require(
      index.rank <= 1, "\(name): the index has shape \(index.shape), not one dimension")
    outer = shape[..<Swift.min(axis, shape.count)].reduce(1, *)
    extent = shape.isEmpty ? 1 : shape[axis]
    inner = shape.isEmpty ? 1 : shape[(axis + 1)...].reduce(1, *)
    names = Kernels.checkedIndex(index, name)
    let bad = ck_first_outside(names.indices, names.count, Int64(extent))
    require(
      bad < 0,
      "\(name): index \(names.indices[bad]) is out of range for dimension \(dim) of shape \(shape)")
  }

  /// Rows of an array whose dimension `axis` counts are flattened to one: positions are in range.
  init(outer: Int, extent: Int, inner: Int, positions: NDArray) {
    axis = 0
    self.outer = outer
    self.extent = extent
    self.inner = inner
    names = positions
  }

  func requireFit(_ source: NDArray, in array: NDArray, _ name: StaticString) {
    var expected = array.shape
    if !expected.isEmpty { expected[axis] = count }
    let isNumber = source.count == 1 && source.rank <= 1 && array.rank <= 1 && count == 1
    require(
      source.shape == expected && (array.rank > 0 || count == 1) || isNumber,
      "\(name): source \(source.shape) does not fit shape \(array.shape) and \(count) indices")
    require(
      source.dtype == array.dtype,
      "\(name): types differ (\(array.dtype.name) and \(source.dtype.name))")
  }

  func take(from array: NDArray, into result: NDArray) {
    ck_take_rows(
      result.pointer, array.pointer, names.indices, count, extent, outer,
      inner * array.dtype.byteSize)
  }

  func put(_ source: NDArray, into array: NDArray) {
    let row = inner * array.dtype.byteSize
    ck_put_rows(
      array.pointer, names.indices, count, extent, outer, source.pointer, row)
  }

  func add(_ source: NDArray, to array: NDArray, _ name: StaticString) {
    guard let loop = ck_add_rows(array.dtype.rawValue) else {
      Elementwise.unsupported(name, array.dtype)
    }
    loop(array.pointer, names.indices, count, extent, outer, source.pointer, inner)
  }
}
