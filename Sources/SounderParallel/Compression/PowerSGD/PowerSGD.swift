import CKernels
import SounderArray

/// Sums of matrices over hosts by their best approximation of a low rank (Vogels, Karimireddy, Jaggi, 2019).
///
/// Of the matrix M = gradient + what is left of earlier ones, hosts add up `P = M Q` (with the `Q` of the
/// step before), make `P` orthonormal, add up `Q = Mᵀ P`, and take `P Qᵀ` for the sum of the `M`. What a
/// host's share of that misses of its own `M` it keeps. Of `rows · columns` values only
/// `rank · (rows + columns)` travel.
public struct PowerSGD: Sendable {
  /// What can be chosen.
  public struct Options: Sendable, Hashable {
    /// The columns of `P` and `Q`.
    public var rank = 1
    /// The first step that is compressed; the gradients of the first steps change too fast.
    public var startStep = 10
    /// Matrices that would not become smaller by this factor travel as they are, like vectors.
    public var minimumRate = 2.0
    /// The seed of the first `Q`.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  /// A matrix inside a flat vector.
  struct Matrix: Sendable, Hashable {
    let parameter: Int
    let rows: Int
    let columns: Int

    var count: Int { rows * columns }
  }

  let options: Options
  /// `Q` of every matrix that has been compressed, `rank` vectors of `columns` elements.
  var bases: [Int: [Float]] = [:]

  init(_ options: Options) { self.options = options }

  /// A parameter as a matrix, if it becomes smaller as one: its first dimension by all others.
  func matrix(_ parameter: Int, _ shape: Shape) -> Matrix? {
    guard shape.count > 1, let rows = shape.first, rows > 0 else { return nil }
    let columns = shape.dropFirst().reduce(1, *)
    let sent = Double(options.rank * (rows + columns))
    guard sent * options.minimumRate <= Double(rows * columns),
      options.rank <= min(rows, columns)
    else { return nil }
    return Matrix(parameter: parameter, rows: rows, columns: columns)
  }

  /// `P = M Q`: this host's part of the first sum.
  func project(_ matrix: Matrix, _ values: ArraySlice<Float>) -> [Float] {
    let basis = bases[matrix.parameter] ?? firstBasis(matrix)
    var result = [Float](repeating: 0, count: options.rank * matrix.rows)
    values.withUnsafeBufferPointer {
      ck_low_rank_project(
        &result, $0.baseAddress, basis, Int64(matrix.rows), Int64(matrix.columns),
        Int64(options.rank))
    }
    return result
  }

  /// The sum of all `P` made orthonormal, on every host to the same bits.
  func orthonormalized(_ matrix: Matrix, _ projection: [Float]) -> [Float] {
    var result = projection
    ck_low_rank_orthonormalize(&result, Int64(matrix.rows), Int64(options.rank))
    return result
  }

  /// `Q = Mᵀ P`: this host's part of the second sum.
  func projectBack(
    _ matrix: Matrix, _ values: ArraySlice<Float>, _ projection: [Float]
  ) -> [Float] {
    var result = [Float](repeating: 0, count: options.rank * matrix.columns)
    values.withUnsafeBufferPointer {
      ck_low_rank_project_transposed(
        &result, $0.baseAddress, projection, Int64(matrix.rows), Int64(matrix.columns),
        Int64(options.rank))
    }
    return result
  }

  /// `P Qᵀ`, on every host to the same bits.
  func expanded(_ matrix: Matrix, _ projection: [Float], _ basis: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: matrix.count)
    ck_low_rank_expand(
      &result, projection, basis, Int64(matrix.rows), Int64(matrix.columns), Int64(options.rank))
    return result
  }

  /// The `Q` of the next step: this step's, with random vectors for those a gradient of zeros has emptied.
  mutating func keep(_ matrix: Matrix, _ basis: [Float], step: Int) {
    var basis = basis
    for vector in 0..<options.rank {
      let range = vector * matrix.columns..<(vector + 1) * matrix.columns
      if basis[range].allSatisfy({ $0 == 0 }) {
        basis.replaceSubrange(range, with: random(matrix, vector, step: step))
      }
    }
    bases[matrix.parameter] = basis
  }

  private func firstBasis(_ matrix: Matrix) -> [Float] {
    (0..<options.rank).flatMap { random(matrix, $0, step: 0) }
  }

  private func random(_ matrix: Matrix, _ vector: Int, step: Int) -> [Float] {
    let array = NDArray(uninitialized: [matrix.columns], .float32)
    var stream = RandomStream(
      seed: options.seed &+ UInt64(step),
      stream: UInt64(matrix.parameter * options.rank + vector))
    stream.normal(array)
    return withExtendedLifetime(array) {
      let values = array.pointer.assumingMemoryBound(to: Float.self)
      return Array(UnsafeBufferPointer(start: values, count: matrix.columns))
    }
  }

  /// The most elements that the first rank of a host holds at the end of a step, of all buckets together.
  ///
  /// That is what is left of earlier steps, of this one and the sums; the vectors that travel; and what other hosts
  /// have sent of them. Until ``Options/startStep`` everything travels.
  func heldElements(shapes: [Shape], hosts: Int) -> Int {
    let counts = shapes.map { $0.reduce(1, *) }
    let all = counts.reduce(0, +)
    var travelling = all
    if options.startStep == 0 {
      travelling = zip(shapes, counts).enumerated().reduce(0) { sum, item in
        let matrix = matrix(item.offset, item.element.0)
        return sum + (matrix.map { options.rank * ($0.rows + $0.columns) } ?? item.element.1)
      }
    }
    // Every host receives its own part of a vector from each.
    return 3 * all + 2 * travelling
  }
}
