import SounderArray

/// A slow and obvious array of doubles: what every fast kernel is compared with.
struct Oracle {
  var shape: [Int]
  var values: [Double]

  init(_ shape: [Int], _ values: [Double]) {
    self.shape = shape
    self.values = values
  }

  init(_ array: NDArray) {
    self.init([Int](array.shape), array.toArray(as: Double.self))
  }

  /// Every index of a shape, in row-major order.
  static func indices(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { prefixes, extent in
      prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } }
    }
  }

  /// The element at an index that may have more dimensions, as broadcasting reads it.
  subscript(index: [Int]) -> Double {
    var position = 0
    for (axis, i) in index.suffix(shape.count).enumerated() {
      position = position * shape[axis] + (shape[axis] == 1 ? 0 : i)
    }
    return values[position]
  }

  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    let x = [Int](repeating: 1, count: rank - a.count) + a
    let y = [Int](repeating: 1, count: rank - b.count) + b
    return zip(x, y).map { $0 == 1 ? $1 : $0 }
  }

  func map(_ f: (Double) -> Double) -> Oracle { Oracle(shape, values.map(f)) }

  func zip2(_ other: Oracle, _ f: (Double, Double) -> Double) -> Oracle {
    let target = Oracle.broadcast(shape, other.shape)
    return Oracle(target, Oracle.indices(target).map { f(self[$0], other[$0]) })
  }

  /// Folds the given dimensions; each result sees the list of its elements.
  func reduce(_ dims: [Int], keepdim: Bool, _ f: ([Double]) -> Double) -> Oracle {
    var kept = shape
    for dim in dims { kept[dim] = 1 }
    let target = Oracle.indices(kept)
    var groups = [[Int]: [Double]]()
    for index in Oracle.indices(shape) {
      var key = index
      for dim in dims { key[dim] = 0 }
      groups[key, default: []].append(self[index])
    }
    let results = target.map { f(groups[$0] ?? []) }
    let dropped = kept.enumerated().filter { !dims.contains($0.offset) }.map(\.element)
    return Oracle(keepdim ? kept : dropped, results)
  }

  func matmul(_ other: Oracle) -> Oracle {
    let (m, k, n) = (shape[0], shape[1], other.shape[1])
    return Oracle(
      [m, n],
      Oracle.indices([m, n]).map { index in
        (0..<k).reduce(0) { $0 + self[[index[0], $1]] * other[[$1, index[1]]] }
      })
  }
}

/// Whether an array has the oracle's shape and, up to a relative tolerance, its values.
func agrees(_ array: NDArray, _ oracle: Oracle, _ tolerance: Double = 1e-5) -> Bool {
  guard [Int](array.shape) == oracle.shape else { return false }
  return zip(array.toArray(as: Double.self), oracle.values).allSatisfy { x, y in
    x == y || (x.isNaN && y.isNaN) || abs(x - y) <= tolerance * max(1, abs(y))
  }
}
