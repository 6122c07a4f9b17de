import SounderArray

// Operators that cut a tensor into views of ranges, and the arithmetic of their extents.

/// `length` indices of a dimension from `start`, which may count from the end.
func narrowComposite(_ x: Tensor, _ dim: Int, _ start: Int, _ length: Int) -> Tensor {
  require(x.rank > 0, "narrow: a zero-dimensional tensor has nothing to narrow")
  let extent = x.shape[x.shape.axis(dim, "narrow")]
  let first = start < 0 ? start + extent : start
  require(
    first >= 0 && length >= 0 && length <= extent - first,
    "narrow: \(length) from \(start) exceeds dimension \(dim) of shape \(x.shape)")
  return x.slice(dim: dim, start: first, end: first + length)
}

/// Consecutive ranges of a dimension; together they cover it.
func splitComposite(_ x: Tensor, _ sizes: [Int], _ dim: Int) -> [Tensor] {
  require(x.rank > 0, "split: a zero-dimensional tensor cannot be split")
  let extent = x.shape[x.shape.axis(dim, "split")]
  require(
    sizes.allSatisfy { $0 >= 0 } && sizes.reduce(0, +) == extent,
    "split: the sizes \(sizes) don't add up to dimension \(dim) of shape \(x.shape)")
  var start = 0
  return sizes.map { size in
    defer { start += size }
    return x.slice(dim: dim, start: start, end: start + size)
  }
}

/// The sizes of parts of `size` indices, the last of which may be shorter.
func evenSplit(_ shape: Shape, _ size: Int, _ dim: Int) -> [Int] {
  require(!shape.isEmpty, "split: a zero-dimensional tensor cannot be split")
  let extent = shape[shape.axis(dim, "split")]
  require(
    size > 0 || size == 0 && extent == 0,
    "split: the size \(size) is not positive (dimension \(dim) of shape \(shape))")
  if extent == 0 { return [0] }
  return stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
}

func chunkSizes(_ shape: Shape, _ chunks: Int, _ dim: Int) -> [Int] {
  require(chunks > 0, "chunk: the number of chunks, \(chunks), is not positive")
  require(!shape.isEmpty, "chunk: a zero-dimensional tensor cannot be cut")
  let extent = shape[shape.axis(dim, "chunk")]
  // PyTorch keeps the number of chunks where all of them are empty.
  if extent == 0 { return Array(repeating: 0, count: chunks) }
  return evenSplit(shape, (extent + chunks - 1) / chunks, dim)
}

func unbindComposite(_ x: Tensor, _ dim: Int) -> [Tensor] {
  require(x.rank > 0, "unbind: a zero-dimensional tensor has no dimension to unbind")
  return (0..<x.shape[x.shape.axis(dim, "unbind")]).map { x.select(dim, $0) }
}

/// The order of dimensions after some of them were moved; the others follow in the gaps.
func movedPermutation(_ shape: Shape, _ source: [Int], _ destination: [Int]) -> [Int] {
  require(
    source.count == destination.count,
    "movedim: \(source.count) dimensions to move and \(destination.count) positions")
  let from = source.map { shape.axis($0, "movedim") }
  let to = destination.map { shape.axis($0, "movedim") }
  require(
    Set(from).count == from.count && Set(to).count == to.count,
    "movedim: a dimension occurs twice in \(source) or \(destination)")
  var others = shape.indices.filter { !from.contains($0) }.makeIterator()
  return shape.indices.compactMap { position in
    to.firstIndex(of: position).map { from[$0] } ?? others.next()
  }
}

func unflattenedShape(_ shape: Shape, _ dim: Int, _ sizes: [Int]) -> [Int] {
  require(!sizes.isEmpty, "unflatten: no sizes are given")
  require(!shape.isEmpty, "unflatten: a zero-dimensional tensor has no dimension to cut")
  let axis = shape.axis(dim, "unflatten")
  var parts = sizes
  if let unknown = sizes.firstIndex(of: -1) {
    let known = -sizes.reduce(1, *)
    require(
      known > 0 && shape[axis] % known == 0,
      "unflatten: the sizes \(sizes) don't fit dimension \(dim) of shape \(shape)")
    parts[unknown] = shape[axis] / known
  }
  require(
    parts.allSatisfy { $0 >= 0 } && parts.reduce(1, *) == shape[axis],
    "unflatten: the sizes \(sizes) don't fit dimension \(dim) of shape \(shape)")
  return Array(shape[..<axis]) + parts + Array(shape[(axis + 1)...])
}
