import SounderArray

// Derivatives of decompositions. They exist where singular values or eigenvalues differ, and only for
// functions that do not depend on the phases of the vectors.

private func columns(_ x: Tensor, _ count: Int) -> Tensor {
  x.shape[x.rank - 1] == count ? x : x.slice(dim: -1, start: 0, end: count)
}

private func rows(_ x: Tensor, _ count: Int) -> Tensor {
  x.shape[x.rank - 2] == count ? x : x.slice(dim: -2, start: 0, end: count)
}

/// i times the imaginary part.
private func imaginaryPart(_ x: Tensor) -> Tensor { (x - x.conj()) * 0.5 }

/// The gradient of A = U S Vᴴ from those of the three; only the first vectors of complete bases count.
func svdGradient(
  _ gradU: Tensor?, _ gradS: Tensor?, _ gradVh: Tensor?, _ u: Tensor, _ s: Tensor, _ vh: Tensor
) -> Tensor {
  let k = s.shape[s.rank - 1]
  let (m, n) = (u.shape[u.rank - 2], vh.shape[vh.rank - 1])
  let (u, vh) = (columns(u, k), rows(vh, k))
  var inner = gradS.map(diagonalMatrix)
  var outside: Tensor?
  let row = s.unsqueeze(-2)
  let column = s.unsqueeze(-1)
  func add(_ part: Tensor) { inner = inner.map { $0 + part } ?? part }
  let gap = gradU == nil && gradVh == nil ? s : differences(s * s)
  if let gradU {
    let gradient = columns(gradU, k)
    let product = adjoint(u).matmul(gradient)
    add(offDiagonal((product - adjoint(product)) / gap) * row)
    if s.dtype != u.dtype { add(onDiagonal(imaginaryPart(product) / column) * 0.5) }
    if m > k {
      outside = ((gradient - u.matmul(product)) / row).matmul(vh)
    }
  }
  if let gradVh {
    let gradient = rows(gradVh, k)
    let product = vh.matmul(adjoint(gradient))
    add(offDiagonal((product - adjoint(product)) / gap) * column)
    if s.dtype != u.dtype { add(onDiagonal(imaginaryPart(product) / column) * -0.5) }
    if n > k {
      let rest = gradient - adjoint(product).matmul(vh)
      let part = u.matmul(rest / column)
      outside = outside.map { $0 + part } ?? part
    }
  }
  guard let inner else { return Tensor(Kernels.zeros(u.shape, u.dtype)).matmul(vh) }
  let result = u.matmul(inner.toDtype(u.dtype)).matmul(vh)
  return outside.map { result + $0 } ?? result
}

/// The tangents of U, S and Vᴴ.
func svdTangents(_ tangent: Tensor, _ u: Tensor, _ s: Tensor, _ vh: Tensor)
  -> (Tensor, Tensor, Tensor)
{
  let k = s.shape[s.rank - 1]
  require(
    u.shape[u.rank - 1] == k && vh.shape[vh.rank - 2] == k,
    "linalg.svd: forward mode needs fullMatrices: false")
  let (m, n) = (u.shape[u.rank - 2], vh.shape[vh.rank - 1])
  let row = s.unsqueeze(-2)
  let column = s.unsqueeze(-1)
  let left = adjoint(u).matmul(tangent)
  let change = left.matmul(adjoint(vh))
  let gap = differences(s * s)
  let (a, b) = (change * row, change * column)
  var turnU = offDiagonal((a + adjoint(a)) / gap)
  var turnV = offDiagonal((b + adjoint(b)) / gap)
  if s.dtype != u.dtype {
    let phase = onDiagonal(imaginaryPart(change) / column) * 0.5
    turnU = turnU + phase
    turnV = turnV - phase
  }
  var tangentU = u.matmul(turnU)
  var tangentVh = adjoint(turnV).matmul(vh)
  if m > k {
    let right = tangent.matmul(adjoint(vh))
    tangentU = tangentU + (right - u.matmul(change)) / row
  }
  if n > k { tangentVh = tangentVh + (left - change.matmul(vh)) / column }
  return (tangentU, realPart(diagonals(change)), tangentVh)
}

func svdvalsGradient(_ grad: Tensor, _ matrix: Tensor) -> Tensor {
  let (u, _, vh) = matrix.linalgSvd(fullMatrices: false)
  return (u * grad.unsqueeze(-2)).matmul(vh)
}

func svdvalsTangent(_ tangent: Tensor, _ matrix: Tensor) -> Tensor {
  let (u, _, vh) = matrix.linalgSvd(fullMatrices: false)
  return realPart((u.conj() * tangent.matmul(adjoint(vh))).sum([-2]))
}

/// The gradient of A = V diag(λ) Vᴴ from those of λ and V.
func eighGradient(
  _ gradValues: Tensor?, _ gradVectors: Tensor?, _ values: Tensor, _ vectors: Tensor
) -> Tensor {
  var inner = gradValues.map(diagonalMatrix)
  if let gradVectors {
    let turn = offDiagonal(adjoint(vectors).matmul(gradVectors) / differences(values))
    inner = inner.map { $0 + turn } ?? turn
  }
  guard let inner else { return vectors.zerosLike() }
  return vectors.matmul(inner.toDtype(vectors.dtype)).matmul(adjoint(vectors))
}

func eighTangents(_ tangent: Tensor, _ values: Tensor, _ vectors: Tensor) -> (Tensor, Tensor) {
  let change = adjoint(vectors).matmul(tangent).matmul(vectors)
  let turn = offDiagonal(change / differences(values))
  return (realPart(diagonals(change)), vectors.matmul(turn))
}

private func requireDifferentiable(_ q: Tensor, _ r: Tensor, _ mode: String) {
  require(
    mode != "r" && q.shape[q.rank - 1] <= r.shape[r.rank - 1],
    "linalg.qr: no derivative for mode '\(mode)' with Q of shape \(q.shape); use 'reduced'")
}

/// The gradient of A = Q R, wide matrices included: their first columns determine Q.
///
/// Source: S. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, 2010.
func qrGradient(
  _ gradQ: Tensor?, _ gradR: Tensor?, _ q: Tensor, _ r: Tensor, _ mode: String
) -> Tensor {
  requireDifferentiable(q, r, mode)
  let (k, n) = (q.shape[q.rank - 1], r.shape[r.rank - 1])
  var gradQ = gradQ
  var square = gradR
  var rest: Tensor?
  if n > k, let gradR {
    let tail = gradR.slice(dim: -1, start: k, end: n)
    let part = q.matmul(r.slice(dim: -1, start: k, end: n)).matmul(adjoint(tail))
    gradQ = gradQ.map { $0 + part } ?? part
    square = gradR.slice(dim: -1, start: 0, end: k)
    rest = q.matmul(tail)
  }
  let triangle = columns(r, k)
  var inner = square.map { $0.matmul(adjoint(triangle)) }
  if let gradQ {
    let part = -adjoint(q).matmul(gradQ)
    inner = inner.map { $0 + part } ?? part
  }
  guard let inner else { return q.matmul(r).zerosLike() }
  let strict = upper(inner, 1)
  let diagonal = onDiagonal(inner)
  let symmetric = strict + adjoint(strict) + (diagonal + diagonal.conj()) * 0.5
  let projected = q.matmul(symmetric)
  let total = gradQ.map { $0 + projected } ?? projected
  let first = adjoint(triangle).linalgSolveTriangular(total, upper: false, left: false)
  guard n > k else { return first }
  let size = Array(first.shape.dropLast()) + [n - k]
  return Tensor.cat([first, rest ?? first.zerosOf(Shape(size))], dim: -1)
}

func qrTangents(_ tangent: Tensor, _ q: Tensor, _ r: Tensor, _ mode: String) -> (Tensor, Tensor) {
  requireDifferentiable(q, r, mode)
  let (k, n) = (q.shape[q.rank - 1], r.shape[r.rank - 1])
  let triangle = columns(r, k)
  let scaled = triangle.linalgSolveTriangular(columns(tangent, k), upper: true, left: false)
  let inner = adjoint(q).matmul(scaled)
  let strict = lower(inner, -1)
  let turn = strict - adjoint(strict) + imaginaryPart(onDiagonal(inner))
  let rest = inner - turn
  let tangentQ = scaled - q.matmul(rest)
  let first = rest.matmul(triangle)
  guard n > k else { return (tangentQ, first) }
  let tail = q.matmul(r.slice(dim: -1, start: k, end: n))
  let second =
    adjoint(tangentQ).matmul(tail)
    + adjoint(q).matmul(tangent.slice(dim: -1, start: k, end: n))
  return (tangentQ, Tensor.cat([first, second], dim: -1))
}

/// d det A = det A · tr(A⁻¹ dA).
func determinantGradient(_ grad: Tensor, _ matrix: Tensor, _ result: Tensor) -> Tensor {
  let factor = grad * result.conj()
  return factor.unsqueeze(-1).unsqueeze(-1) * adjoint(matrix.linalgInvEx().inverse)
}

/// tr(A⁻¹ dA).
func logarithmicTrace(_ tangent: Tensor, _ matrix: Tensor) -> Tensor {
  diagonals(matrix.linalgSolveEx(tangent).result).sum([-1])
}

func slogdetGradient(_ gradSign: Tensor?, _ gradLog: Tensor?, _ matrix: Tensor, _ sign: Tensor)
  -> Tensor
{
  var factor = gradLog
  if let gradSign, sign.dtype.isComplex {
    let turn = imaginaryPart(sign.conj() * gradSign)
    factor = factor.map { $0 + turn } ?? turn
  }
  guard let factor else { return matrix.zerosLike() }
  return adjoint(matrix.linalgInvEx().inverse) * factor.unsqueeze(-1).unsqueeze(-1)
}

func signTangent(_ tangent: Tensor, _ matrix: Tensor, _ sign: Tensor) -> Tensor {
  sign.dtype.isComplex
    ? sign * imaginaryPart(logarithmicTrace(tangent, matrix)) : sign.zerosLike()
}
