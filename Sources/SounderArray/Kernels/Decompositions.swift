import COpenBLAS
import Foundation

extension Kernels {
  /// U, S and Vᴴ of A = U S Vᴴ, the singular values descending; U and Vᴴ are square if `fullMatrices`.
  ///
  /// A matrix with NaN or infinities gives NaN.
  public static func linalgSvd(_ A: NDArray, _ fullMatrices: Bool) -> (NDArray, NDArray, NDArray) {
    Lapack.requireMatrices(A, "linalg.svd")
    let type = Lapack.type(A, "linalg.svd")
    let batch = Lapack.batch(A)
    let (m, n) = (A.shape[A.rank - 2], A.shape[A.rank - 1])
    let k = Swift.min(m, n)
    let (rows, columns) = fullMatrices ? (m, n) : (k, k)
    var vector = batch
    vector.append(k)
    let s = NDArray(uninitialized: vector, Lapack.real(A.dtype))
    let u = zeros(Lapack.shape(batch, m, rows), A.dtype)
    let vh = zeros(Lapack.shape(batch, columns, n), A.dtype)
    if k == 0 {
      diagonal(u, 0, -2, -1).fill(1)
      diagonal(vh, 0, -2, -1).fill(1)
      return (u, s, vh)
    }
    // By columns the memory is Aᵀ = conj(V) S Uᵀ, and the results read by rows are Vᴴ and U.
    let work = A.copied()
    let job = Lapack.option(fullMatrices ? "A" : "S")
    Lapack.forEach(work) { offset, index in
      let info = cob_gesdd(
        type, job, Int32(n), Int32(m), work.address(offset), s.address(index * k),
        vh.address(index * columns * n), u.address(index * m * rows))
      if info != 0 {
        for part in [u, s, vh] {
          reshape(part, [work.count / (m * n), -1]).row(index).fill(.float(.nan))
        }
      }
    }
    return (u, s, vh)
  }

  /// The singular values, descending; NaN for a matrix with NaN or infinities.
  public static func linalgSvdvals(_ A: NDArray) -> NDArray {
    Lapack.requireMatrices(A, "linalg.svdvals")
    let type = Lapack.type(A, "linalg.svdvals")
    let (m, n) = (A.shape[A.rank - 2], A.shape[A.rank - 1])
    let k = Swift.min(m, n)
    var vector = Lapack.batch(A)
    vector.append(k)
    let s = NDArray(uninitialized: vector, Lapack.real(A.dtype))
    if k == 0 { return s }
    let work = A.copied()
    Lapack.forEach(work) { offset, index in
      let info = cob_gesdd(
        type, Lapack.option("N"), Int32(n), Int32(m), work.address(offset), s.address(index * k),
        nil, nil)
      if info != 0 { reshape(s, [s.count / k, k]).row(index).fill(.float(.nan)) }
    }
    return s
  }

  /// The eigenvalues, ascending, and the eigenvectors of Hermitian matrices, of which one triangle is
  /// read (`L` or `U`); NaN where the algorithm does not converge.
  public static func linalgEigh(_ A: NDArray, _ UPLO: String) -> (NDArray, NDArray) {
    Lapack.requireSquare(A, "linalg.eigh")
    require(
      UPLO == "L" || UPLO == "U", "linalg.eigh: UPLO must be 'L' or 'U', not '\(UPLO)'")
    let type = Lapack.type(A, "linalg.eigh")
    let n = A.shape[A.rank - 1]
    let values = NDArray(
      uninitialized: Shape(A.shape.dropLast()), Lapack.real(A.dtype))
    let vectors = Lapack.transposed(A).copied()
    Lapack.forEach(vectors) { offset, index in
      let info = cob_heevd(
        type, Lapack.option("V"), Lapack.option(UPLO == "L" ? "L" : "U"), Int32(n),
        vectors.address(offset), values.address(index * n))
      if info != 0 {
        reshape(values, [values.count / n, n]).row(index).fill(.float(.nan))
        reshape(vectors, [values.count / n, n * n]).row(index).fill(.float(.nan))
      }
    }
    return (values, Lapack.transposed(vectors).contiguous())
  }

  /// Q and R of A = Q R; `mode` is reduced, complete (Q square) or r (Q empty).
  public static func linalgQr(_ A: NDArray, _ mode: String) -> (NDArray, NDArray) {
    Lapack.requireMatrices(A, "linalg.qr")
    require(
      ["reduced", "complete", "r"].contains(mode),
      "linalg.qr: mode must be 'reduced', 'complete' or 'r', not '\(mode)'")
    let type = Lapack.type(A, "linalg.qr")
    let batch = Lapack.batch(A)
    let (m, n) = (A.shape[A.rank - 2], A.shape[A.rank - 1])
    let k = Swift.min(m, n)
    let columns = mode == "complete" ? m : k
    // By columns: Q has room for the reflectors and for its own columns.
    let work = Lapack.transposed(A).copied()
    let q = zeros(Lapack.shape(batch, columns, m), A.dtype)
    let r = zeros(Lapack.shape(batch, columns, n), A.dtype)
    let size = A.dtype.byteSize
    let scales = NDArray(uninitialized: [Swift.max(k, 1)], A.dtype)
    if work.count == 0 { diagonal(q, 0, -2, -1).fill(1) }
    Lapack.forEach(work) { offset, index in
      let matrix = work.address(offset)
      _ = cob_geqrf(type, Int32(m), Int32(n), matrix, scales.pointer)
      for column in 0..<n {
        for row in 0...Swift.min(column, columns - 1) where row < m {
          (r.address(index * columns * n + row * n + column)).copyMemory(
            from: matrix + (column * m + row) * size, byteCount: size)
        }
      }
      if mode == "r" { return }
      let target = q.address(index * columns * m)
      target.copyMemory(from: matrix, byteCount: Swift.min(columns, n) * m * size)
      _ = cob_orgqr(type, Int32(m), Int32(columns), Int32(k), target, scales.pointer)
    }
    if mode == "r" { return (zeros([0], A.dtype), r) }
    return (Lapack.transposed(q).contiguous(), r)
  }
}

extension NDArray {
  /// One row of a matrix.
  fileprivate func row(_ index: Int) -> NDArray { Kernels.select(self, 0, index) }
}
