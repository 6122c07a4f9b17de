import Testing

@testable import SounderArray

@Suite("Linear algebra")
struct LinearAlgebraTests {
  static let types: [DType] = [.float32, .float64, .complex64, .complex128]
  static let layouts: [Layout] = [.contiguous, .transposed, .sliced, .offset]

  /// Numbers of a type, with imaginary parts where it has them.
  private func make(
    _ shape: [Int], _ dtype: DType, _ layout: Layout = .contiguous, seed: UInt64 = 51
  ) -> NDArray {
    var generator = ArrayGenerator(seed: seed)
    let real = generator.make(shape, .float64, layout)
    guard dtype.isComplex else {
      return dtype == .float64 ? real : generator.make(shape, dtype, layout)
    }
    let parts = Kernels.mul(generator.make(shape, .float64, layout), .complex(0, 1))
    return Kernels.add(real, parts).cast(to: dtype)
  }

  private func adjoint(_ x: NDArray) -> NDArray {
    let mirrored = Kernels.transpose(x, -2, -1)
    return x.dtype.isComplex ? Kernels.conjPhysical(mirrored) : mirrored
  }

  /// The largest absolute value of a difference.
  private func distance(_ a: NDArray, _ b: NDArray) -> Double {
    #expect(a.shape == b.shape)
    if a.count == 0 { return 0 }
    return Kernels.amax(Kernels.abs(Kernels.sub(a, b))).item().doubleValue
  }

  private func tolerance(_ dtype: DType) -> Double {
    dtype == .float32 || dtype == .complex64 ? 1e-3 : 1e-10
  }

  private func identity(_ n: Int, _ dtype: DType) -> NDArray { Kernels.eye(n, nil, dtype) }

  /// Batches of matrices far from singular.
  private func regular(_ n: Int, _ dtype: DType, _ layout: Layout = .contiguous) -> NDArray {
    let x = make([2, n, n], dtype, layout)
    return Kernels.add(x, Kernels.mul(identity(n, dtype), 9))
  }

  @Test("A matrix times its inverse is the identity", arguments: types, [0, 1, 5])
  func inverse(_ dtype: DType, _ n: Int) {
    for layout in Self.layouts {
      let a = regular(n, dtype, layout)
      let (inverse, info) = Kernels.linalgInvEx(a)
      #expect(info.toArray(as: Int.self) == [0, 0])
      #expect(
        distance(Kernels.matmul(a, inverse), Kernels.expand(identity(n, dtype), [2, n, n]))
          < tolerance(dtype))
    }
  }

  @Test("Solutions satisfy their systems from either side", arguments: types, [true, false])
  func solve(_ dtype: DType, left: Bool) {
    for layout in Self.layouts {
      let a = regular(4, dtype, layout)
      let b = make(left ? [3, 1, 4, 2] : [3, 1, 2, 4], dtype, layout, seed: 52)
      let x = Kernels.linalgSolveEx(a, b, left).0
      let product = left ? Kernels.matmul(a, x) : Kernels.matmul(x, a)
      #expect(distance(product, Kernels.expand(b, [Int](product.shape))) < tolerance(dtype))
    }
  }

  @Test("Triangular systems read one triangle", arguments: types, [true, false])
  func triangular(_ dtype: DType, upper: Bool) {
    for layout in Self.layouts {
      for (left, isUnit) in [(true, true), (true, false), (false, true), (false, false)] {
        let a = regular(3, dtype, layout)
        let b = make([2, 3, 3], dtype, layout, seed: 53)
        let x = Kernels.linalgSolveTriangular(a, b, upper, left, isUnit)
        let clean = Kernels.zeros(a.shape, dtype)
        for row in 0..<3 {
          for column in 0..<3 where upper ? column >= row : column <= row {
            let target = Kernels.select(Kernels.select(clean, -1, column), -1, row)
            let source = Kernels.select(Kernels.select(a, -1, column), -1, row)
            if row == column && isUnit { target.fill(1) } else { target.copy(from: source) }
          }
        }
        let product = left ? Kernels.matmul(clean, x) : Kernels.matmul(x, clean)
        #expect(distance(product, b) < tolerance(dtype))
      }
    }
  }

  @Test("Cholesky factors multiply to the matrix, failures are numbered", arguments: types)
  func cholesky(_ dtype: DType) {
    let x = make([2, 4, 4], dtype)
    let a = Kernels.add(Kernels.matmul(x, adjoint(x)), identity(4, dtype))
    let (l, info) = Kernels.linalgCholeskyEx(a, false)
    let u = Kernels.linalgCholeskyEx(a, true).0
    #expect(info.toArray(as: Int.self) == [0, 0])
    #expect(distance(Kernels.matmul(l, adjoint(l)), a) < tolerance(dtype))
    #expect(distance(u, adjoint(l)) < tolerance(dtype))
    Kernels.select(Kernels.select(Kernels.select(a, 0, 1), 0, 2), 0, 2).fill(-1)
    #expect(Kernels.linalgCholeskyEx(a, false).1.toArray(as: Int.self) == [0, 3])
  }

  @Test(
    "Decompositions multiply to the matrix", arguments: types, [[2, 5, 3], [2, 3, 5], [0, 3]])
  func decompositions(_ dtype: DType, _ shape: [Int]) {
    for layout in Self.layouts {
      let a = make(shape, dtype, layout)
      for isFull in [true, false] {
        let (u, s, vh) = Kernels.linalgSvd(a, isFull)
        let k = s.shape[s.rank - 1]
        let scaled = Kernels.mul(Kernels.slice(u, -1, 0, k), Kernels.unsqueeze(s, -2))
        let product = Kernels.matmul(scaled.cast(to: dtype), Kernels.slice(vh, -2, 0, k))
        #expect(distance(product, a) < tolerance(dtype))
        #expect(distance(s, Kernels.linalgSvdvals(a)) < tolerance(dtype))
        let (q, r) = Kernels.linalgQr(a, isFull ? "complete" : "reduced")
        #expect(distance(Kernels.matmul(q, r), a) < tolerance(dtype))
        let unit = Kernels.matmul(adjoint(q), q)
        let ones = Kernels.expand(identity(q.shape[q.rank - 1], dtype), [Int](unit.shape))
        #expect(distance(unit, ones) < tolerance(dtype))
      }
    }
  }

  @Test("Eigenvectors are stretched by their eigenvalues", arguments: types, ["L", "U"])
  func eigenvalues(_ dtype: DType, _ triangle: String) {
    let x = make([2, 4, 4], dtype)
    let a = Kernels.add(x, adjoint(x))
    let (values, vectors) = Kernels.linalgEigh(a, triangle)
    let stretched = Kernels.mul(vectors, Kernels.unsqueeze(values, -2))
    #expect(distance(Kernels.matmul(a, vectors), stretched.cast(to: dtype)) < tolerance(dtype))
  }

  @Test("Determinants follow their definition")
  func determinants() {
    let a = NDArray(
      [2, 1, 0, 1, 3, 1, 0, 0, 4, 0, 1, 0, 1, 0, 0, 0, 0, 1] as [Double], shape: [2, 3, 3])
    #expect(agrees(Kernels.linalgDet(a), Oracle([2], [20, -1]), 1e-12))
    let (sign, logarithm) = Kernels.linalgSlogdet(a)
    #expect(sign.toArray(as: Double.self) == [1, -1])
    #expect(agrees(logarithm, Oracle([2], [2.995732273553991, 0]), 1e-12))
    #expect(Kernels.linalgDet(Kernels.zeros([0, 0], .float64)).item().doubleValue == 1)
  }

  @Test("A singular matrix is reported, one with NaN gives NaN")
  func singular() {
    let a = NDArray([1, 2, 2, 4] as [Double], shape: [2, 2])
    #expect(Kernels.linalgInvEx(a).1.item().intValue == 2)
    let broken = NDArray([1, .nan, 2, 4] as [Double], shape: [2, 2])
    #expect(Kernels.linalgSvdvals(broken).toArray(as: Double.self).allSatisfy { $0.isNaN })
  }
}
