import SounderArray

/// The matrix product, written straight into `destination` where there is one.
///
/// A destination exists only in passes that don't build a graph, so nothing needs recording.
func matrixProduct(_ a: Tensor, _ b: Tensor, into destination: NDArray?) -> Tensor {
  guard let destination else { return a.mm(b) }
  return Tensor(Kernels.mm(a.array, b.array, out: destination))
}

/// A matrix whose rows are all leading dimensions.
private func rows(_ x: Tensor) -> Tensor {
  x.rank == 2 ? x : x.reshape([x.shape.dropLast().reduce(1, *), x.shape[x.rank - 1]])
}

func linearInputGradient(_ grad: Tensor, _ weight: Tensor) -> Tensor {
  if grad.rank == 2 { return grad.mm(weight) }
  var shape = grad.shape
  shape[shape.count - 1] = weight.shape[1]
  return rows(grad).mm(weight).reshape(shape)
}

func linearWeightGradient(_ grad: Tensor, _ input: Tensor, into destination: NDArray?) -> Tensor {
  matrixProduct(rows(grad).t(), rows(input), into: destination)
}

func linearBiasGradient(_ grad: Tensor, into destination: NDArray?) -> Tensor {
  guard let destination else { return rows(grad).sum([0]) }
  return Tensor(Kernels.sum(rows(grad).array, [0], false, nil, out: destination))
}

func linearTangent(
  _ inputTangent: Tensor, _ input: Tensor, _ weightTangent: Tensor, _ weight: Tensor,
  _ biasTangent: Tensor?
) -> Tensor {
  let product = inputTangent.linear(weight) + input.linear(weightTangent)
  return biasTangent.map { product + $0 } ?? product
}

/// The matrix product of PyTorch: vectors are promoted to matrices, leading dimensions broadcast.
func matmulComposite(_ a: Tensor, _ b: Tensor) -> Tensor {
  require(a.rank > 0 && b.rank > 0, "matmul: both operands need at least one dimension")
  if a.rank == 2 && b.rank == 2 { return a.mm(b) }
  if a.rank == 1 && b.rank == 1 { return (a * b).sum() }
  if a.rank == 1 { return matmulComposite(a.unsqueeze(0), b).squeeze(-2) }
  if b.rank == 1 { return matmulComposite(a, b.unsqueeze(1)).squeeze(-1) }
  let (n, k) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
  let m = b.shape[b.rank - 1]
  require(k == b.shape[b.rank - 2], "matmul: inner dimensions differ (\(a.shape) × \(b.shape))")
  if b.rank == 2 {
    return rows(a).mm(b).reshape(Shape(Array(a.shape.dropLast()) + [m]))
  }
  guard let batch = Shape(a.shape.dropLast(2)).broadcast(with: Shape(b.shape.dropLast(2))) else {
    require(false, "matmul: batch dimensions don't broadcast (\(a.shape) × \(b.shape))")
    return a
  }
  let left = a.expand(Array(batch) + [n, k]).reshape([batch.elementCount, n, k])
  let right = b.expand(Array(batch) + [k, m]).reshape([batch.elementCount, k, m])
  return left.bmm(right).reshape(Array(batch) + [n, m])
}
