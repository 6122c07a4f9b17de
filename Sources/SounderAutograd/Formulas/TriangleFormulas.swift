import SounderArray

// Parts of square matrices that formulas of linear algebra keep or make.

/// Whether each element of an n × n matrix belongs to a part.
private func mask(_ n: Int, _ contains: (_ row: Int, _ column: Int) -> Bool) -> Tensor {
  let flags = (0..<(n * n)).map { contains($0 / n, $0 % n) }
  return Tensor(NDArray(flags, shape: [n, n]))
}

private func keep(_ x: Tensor, _ contains: (_ row: Int, _ column: Int) -> Bool) -> Tensor {
  mask(x.shape[x.rank - 1], contains).where(x, x.zerosOf([]))
}

/// The lower triangle up to a diagonal: -1 leaves the main one out.
func lower(_ x: Tensor, _ diagonal: Int = 0) -> Tensor { keep(x) { $1 - $0 <= diagonal } }

/// The upper triangle from a diagonal: 1 leaves the main one out.
func upper(_ x: Tensor, _ diagonal: Int = 0) -> Tensor { keep(x) { $1 - $0 >= diagonal } }

/// The elements off the main diagonal.
func offDiagonal(_ x: Tensor) -> Tensor { keep(x) { $0 != $1 } }

/// The main diagonal, all else zero.
func onDiagonal(_ x: Tensor) -> Tensor { keep(x) { $0 == $1 } }

/// The main diagonals of square matrices as vectors.
func diagonals(_ x: Tensor) -> Tensor { onDiagonal(x).sum([-1]) }

/// Matrices with the given vectors on the main diagonal.
func diagonalMatrix(_ vector: Tensor) -> Tensor {
  let n = vector.shape[vector.rank - 1]
  return mask(n) { $0 == $1 }.where(vector.unsqueeze(-1), vector.zerosOf([]))
}

/// The matrices xⱼ - xᵢ of vectors x, with ones on the diagonal, so that they can divide.
func differences(_ vector: Tensor) -> Tensor {
  let n = vector.shape[vector.rank - 1]
  let difference = vector.unsqueeze(-2) - vector.unsqueeze(-1)
  return mask(n) { $0 == $1 }.where(Tensor(Kernels.ones([], vector.dtype)), difference)
}
