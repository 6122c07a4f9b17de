import SounderArray

/// The order of a norm of matrices.
enum MatrixNormOrder {
  case number(Scalar)
  /// fro or nuc.
  case name(String)
}

/// Both dimensions of a matrix, for norms that are given none.
func matrixDimensions(_ x: Tensor) -> [Int] {
  require(x.rank == 2, "norm: expects a matrix or two dimensions, not shape \(x.shape)")
  return [0, 1]
}

/// A norm of the matrices in two dimensions.
func matrixNorm(
  _ x: Tensor, _ order: MatrixNormOrder, _ dim: [Int], _ keepdim: Bool, _ dtype: DType?
) -> Tensor {
  require(dim.count == 2, "matrix_norm: expects two dimensions, not \(dim)")
  let x = dtype.map { x.toDtype($0) } ?? x
  let row = x.shape.axis(dim[0], "matrix_norm")
  let column = x.shape.axis(dim[1], "matrix_norm")
  require(row != column && x.rank >= 2, "matrix_norm: dimensions \(dim) of shape \(x.shape)")
  require(
    x.dtype.isDifferentiable,
    "matrix_norm: not defined for \(x.dtype.name); give a floating-point dtype")
  switch order {
  case .name("fro"): return vectorNorm(x, 2, [row, column], keepdim, nil)
  case .name("nuc"):
    return spread(singularValues(x, row, column).sum([-1]), [row, column], keepdim)
  case .name(let name):
    require(false, "matrix_norm: ord must be a number, 'fro' or 'nuc', not '\(name)'")
    return x
  case .number(let number):
    let value = number.doubleValue
    require(
      number.imaginary == 0 && (abs(value) == 1 || abs(value) == 2 || value.isInfinite),
      "matrix_norm: ord must be ±1, ±2, ±inf, 'fro' or 'nuc', not \(value)")
    if abs(value) == 2 {
      let values = singularValues(x, row, column)
      return spread(
        value > 0 ? values.amax(dim: [-1]) : values.amin(dim: [-1]), [row, column], keepdim)
    }
    let (added, compared) = value.isInfinite ? (column, row) : (row, column)
    let sums = x.abs().sum([added], keepdim: true)
    let result =
      value > 0
      ? sums.amax(dim: [compared], keepdim: true) : sums.amin(dim: [compared], keepdim: true)
    if keepdim { return result }
    return result.squeeze(max(row, column)).squeeze(min(row, column))
  }
}

/// The singular values of the matrices in two dimensions.
private func singularValues(_ x: Tensor, _ row: Int, _ column: Int) -> Tensor {
  let others = (0..<x.rank).filter { $0 != row && $0 != column }
  return x.permute(others + [row, column]).linalgSvdvals()
}

/// The reduced dimensions put back with extent 1, if they are to be kept.
private func spread(_ x: Tensor, _ dims: [Int], _ keepdim: Bool) -> Tensor {
  keepdim ? dims.sorted().reduce(x) { $0.unsqueeze($1) } : x
}

/// torch.linalg.norm with a number or nothing for the order.
func linalgNormComposite(
  _ x: Tensor, _ order: Scalar?, _ dim: [Int]?, _ keepdim: Bool, _ dtype: DType?
) -> Tensor {
  if let dim {
    require(dim.count == 1 || dim.count == 2, "linalg.norm: dim must be one or two, not \(dim)")
    if dim.count == 2, let order { return matrixNorm(x, .number(order), dim, keepdim, dtype) }
    return vectorNorm(x, (order ?? 2).doubleValue, dim, keepdim, dtype)
  }
  guard let order else { return vectorNorm(x, 2, nil, keepdim, dtype) }
  require(
    x.rank == 1 || x.rank == 2,
    "linalg.norm: with ord and without dim expects a vector or a matrix, not shape \(x.shape)")
  return x.rank == 1
    ? vectorNorm(x, order.doubleValue, [0], keepdim, dtype)
    : matrixNorm(x, .number(order), [0, 1], keepdim, dtype)
}
