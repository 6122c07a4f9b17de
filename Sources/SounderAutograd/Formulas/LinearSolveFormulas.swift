import SounderArray

/// Ends the program unless all matrices of a batch could be factored.
func requirePositive(_ result: (L: Tensor, info: Tensor)) -> Tensor {
  if let (matrix, order) = firstFailure(result.info) {
    require(
      false,
      "linalg.cholesky: matrix \(matrix) of the batch is not positive-definite (its leading minor "
        + "of order \(order)); linalg.cholesky_ex reports this without ending the program")
  }
  return result.L
}

/// Ends the program unless all matrices of a batch are invertible.
func requireInvertible(_ result: (inverse: Tensor, info: Tensor), _ name: String) -> Tensor {
  if let (matrix, pivot) = firstFailure(result.info) {
    require(
      false,
      "\(name): matrix \(matrix) of the batch is singular (its pivot \(pivot) is zero); "
        + "\(name)_ex reports this without ending the program")
  }
  return result.inverse
}

private func firstFailure(_ info: Tensor) -> (matrix: Int, code: Int)? {
  let codes = info.ints()
  return codes.firstIndex { $0 != 0 }.map { ($0, codes[$0]) }
}

/// A = L Lᴴ: gA = L⁻ᴴ S L⁻¹, where S is half of the lower triangle of Lᴴ gL, mirrored.
///
/// Source: I. Murray, Differentiation of the Cholesky decomposition, 2016.
func choleskyGradient(_ grad: Tensor, _ factor: Tensor, _ isUpper: Bool) -> Tensor {
  let l = isUpper ? adjoint(factor) : factor
  let gradient = isUpper ? adjoint(grad) : grad
  let product = adjoint(l).matmul(gradient)
  let symmetric = (lower(product) + adjoint(lower(product, -1))) * 0.5
  let left = adjoint(l).linalgSolveTriangular(symmetric, upper: true)
  return l.linalgSolveTriangular(left, upper: false, left: false)
}

/// dL = L · Φ(L⁻¹ dA L⁻ᴴ), Φ taking the lower triangle with half of the diagonal.
func choleskyTangent(_ tangent: Tensor, _ factor: Tensor, _ isUpper: Bool) -> Tensor {
  let l = isUpper ? adjoint(factor) : factor
  let left = l.linalgSolveTriangular(tangent, upper: false)
  let inner = adjoint(l).linalgSolveTriangular(left, upper: true, left: false)
  let change = l.matmul(lower(inner, -1) + onDiagonal(inner) * 0.5)
  return isUpper ? adjoint(change) : change
}

/// The part of a matrix that a triangular solve reads.
private func triangle(_ x: Tensor, _ isUpper: Bool, _ isUnit: Bool) -> Tensor {
  isUpper ? upper(x, isUnit ? 1 : 0) : lower(x, isUnit ? -1 : 0)
}

func solveTriangularGradients(
  _ grad: Tensor, _ matrix: Tensor, _ solution: Tensor, _ isUpper: Bool, _ left: Bool,
  _ isUnit: Bool, _ needsMatrix: Bool
) -> (Tensor?, Tensor?) {
  let right = adjoint(matrix).linalgSolveTriangular(
    grad, upper: !isUpper, left: left, unitriangular: isUnit)
  if !needsMatrix { return (nil, right) }
  let product =
    left ? right.matmul(adjoint(solution)) : adjoint(solution).matmul(right)
  return (-triangle(product, isUpper, isUnit), right)
}

func solveTriangularTangent(
  _ matrixTangent: Tensor, _ rightTangent: Tensor, _ matrix: Tensor, _ solution: Tensor,
  _ isUpper: Bool, _ left: Bool, _ isUnit: Bool
) -> Tensor {
  let change = triangle(matrixTangent, isUpper, isUnit)
  let product = left ? change.matmul(solution) : solution.matmul(change)
  return matrix.linalgSolveTriangular(
    rightTangent - product, upper: isUpper, left: left, unitriangular: isUnit)
}

/// A X = B: gB = A⁻ᴴ gX and gA = -gB Xᴴ; for X A = B the same from the other side.
func solveGradients(
  _ grad: Tensor, _ matrix: Tensor, _ solution: Tensor, _ left: Bool, _ needsMatrix: Bool
) -> (Tensor?, Tensor?) {
  let right = adjoint(matrix).linalgSolveEx(grad, left: left).result
  if !needsMatrix { return (nil, right) }
  return (
    -(left ? right.matmul(adjoint(solution)) : adjoint(solution).matmul(right)), right
  )
}

func solveTangent(
  _ matrixTangent: Tensor, _ rightTangent: Tensor, _ matrix: Tensor, _ solution: Tensor,
  _ left: Bool
) -> Tensor {
  let product = left ? matrixTangent.matmul(solution) : solution.matmul(matrixTangent)
  return matrix.linalgSolveEx(rightTangent - product, left: left).result
}

/// The solution for matrices or vectors on the right side.
func solveComposite(_ a: Tensor, _ b: Tensor, _ left: Bool) -> Tensor {
  let isVector =
    b.rank == 1 || (b.rank == a.rank - 1 && Array(b.shape) == Array(a.shape.dropLast()))
  require(left || !isVector, "linalg.solve: a vector on the right side needs left: true")
  let right = isVector ? b.unsqueeze(-1) : b
  let (result, info) = a.linalgSolveEx(right, left: left)
  let solution = requireInvertible((result, info), "linalg.solve")
  return isVector ? solution.squeeze(-1) : solution
}
