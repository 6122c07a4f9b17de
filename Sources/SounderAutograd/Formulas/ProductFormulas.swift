import SounderArray

// Products that are made of others.

/// The matrix product of PyTorch: vectors are promoted to matrices, leading dimensions broadcast.
func matmulComposite(_ a: Tensor, _ b: Tensor) -> Tensor {
  require(a.rank > 0 && b.rank > 0, "matmul: both operands need at least one dimension")
  if a.rank == 2 && b.rank == 2 { return a.mm(b) }
  if a.rank == 1 && b.rank == 1 { return a.dot(b) }
  if a.rank == 2 && b.rank == 1 { return a.mv(b) }
  if a.rank == 1 { return matmulComposite(a.unsqueeze(0), b).squeeze(-2) }
  if b.rank == 1 { return matmulComposite(a, b.unsqueeze(1)).squeeze(-1) }
  let (n, k) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
  let m = b.shape[b.rank - 1]
  require(k == b.shape[b.rank - 2], "matmul: inner dimensions differ (\(a.shape) × \(b.shape))")
  if b.rank == 2 {
    let rows = a.shape.dropLast().reduce(1, *)
    return a.reshape([rows, k]).mm(b).reshape(Array(a.shape.dropLast()) + [m])
  }
  guard let batch = Shape(a.shape.dropLast(2)).broadcast(with: Shape(b.shape.dropLast(2))) else {
    require(false, "matmul: batch dimensions don't broadcast (\(a.shape) × \(b.shape))")
    return a
  }
  let count = batch.elementCount
  return batched(a, batch, n, k, count).bmm(batched(b, batch, k, m, count))
    .reshape(Array(batch) + [n, m])
}

/// The matrices of an operand, repeated to a batch and counted by one dimension.
private func batched(_ x: Tensor, _ batch: Shape, _ rows: Int, _ columns: Int, _ count: Int)
  -> Tensor
{
  let size = Array(batch) + [rows, columns]
  let expanded = Array(x.shape) == size ? x : x.expand(size)
  return batch.count == 1 ? expanded : expanded.reshape([count, rows, columns])
}

func outerComposite(_ a: Tensor, _ b: Tensor) -> Tensor {
  require(a.rank == 1 && b.rank == 1, "outer: expects two vectors, not \(a.shape) and \(b.shape)")
  return a.unsqueeze(1) * b
}

func addbmmComposite(
  _ addend: Tensor, _ a: Tensor, _ b: Tensor, _ beta: Scalar, _ alpha: Scalar
) -> Tensor {
  require(
    a.rank == 3 && b.rank == 3 && a.shape[0] == b.shape[0] && a.shape[2] == b.shape[1],
    "addbmm: expects two batches that fit, not \(a.shape) × \(b.shape)")
  // The sum over the batch is one product with the batch inside.
  let inner = a.shape[0] * a.shape[2]
  let left = a.permute([1, 0, 2]).reshape([a.shape[1], inner])
  return addend.addmm(left, b.reshape([inner, b.shape[2]]), beta: beta, alpha: alpha)
}

func tensordotComposite(_ a: Tensor, _ b: Tensor, _ dims: [[Int]]) -> Tensor {
  require(dims.count == 2, "tensordot: dims must hold two lists, not \(dims.count)")
  return tensordotComposite(a, dims[0], b, dims[1])
}

/// The sum of products over pairs of dimensions.
func tensordotComposite(_ a: Tensor, _ aDims: [Int], _ b: Tensor, _ bDims: [Int]) -> Tensor {
  require(
    aDims.count == bDims.count,
    "tensordot: \(aDims.count) dimensions of the first and \(bDims.count) of the second operand")
  var (a, b) = (a, b)
  let left = aDims.map { a.shape.axis($0, "tensordot") }
  let right = bDims.map { b.shape.axis($0, "tensordot") }
  require(
    Set(left).count == left.count && Set(right).count == right.count,
    "tensordot: a dimension occurs twice in \(aDims) or \(bDims)")
  for (i, j) in zip(left, right) where a.shape[i] != b.shape[j] {
    // A dimension of extent 1 broadcasts: the other operand is summed.
    if a.shape[i] == 1 {
      b = b.sum([j], keepdim: true, dtype: b.dtype)
    } else {
      require(
        b.shape[j] == 1,
        "tensordot: dimension \(i) of \(a.shape) does not fit dimension \(j) of \(b.shape)")
      a = a.sum([i], keepdim: true, dtype: a.dtype)
    }
  }
  let rows = (0..<a.rank).filter { !left.contains($0) }
  let columns = (0..<b.rank).filter { !right.contains($0) }
  let inner = left.reduce(1) { $0 * a.shape[$1] }
  let x = a.permute(rows + left).reshape([rows.reduce(1) { $0 * a.shape[$1] }, inner])
  let y = b.permute(right + columns).reshape([inner, columns.reduce(1) { $0 * b.shape[$1] }])
  return x.mm(y).reshape(rows.map { a.shape[$0] } + columns.map { b.shape[$0] })
}
