import SounderArray

@testable import SounderComm

/// An element type the collectives can reduce.
protocol Reducible: Comparable, Sendable {
  static var type: DType { get }
  /// The contribution of a rank at an index: not exactly summable, so that order shows.
  ///
  /// Contributions repeat after ``contributionPeriod`` elements.
  static func value(_ rank: Int, _ index: Int) -> Self
  static func add(_ a: Self, _ b: Self) -> Self
  func divided(by count: Int) -> Self
}

/// A prime, so that no slice, chunk or block of a collective lines up with the repetition.
let contributionPeriod = 2003

private func mixed(_ rank: Int, _ index: Int) -> Int {
  (rank &* 7919 &+ index % contributionPeriod &* 104_729) % contributionPeriod
}

extension Float: Reducible {
  static var type: DType { .float32 }
  static func value(_ rank: Int, _ index: Int) -> Float {
    Float(mixed(rank, index)) / 97 - Float(rank)
  }
  static func add(_ a: Float, _ b: Float) -> Float { a + b }
  func divided(by count: Int) -> Float { self / Float(count) }
}

extension Double: Reducible {
  static var type: DType { .float64 }
  static func value(_ rank: Int, _ index: Int) -> Double {
    Double(mixed(rank, index)) / 97 - Double(rank)
  }
  static func add(_ a: Double, _ b: Double) -> Double { a + b }
  func divided(by count: Int) -> Double { self / Double(count) }
}

extension Int64: Reducible {
  static var type: DType { .int64 }
  /// Some contributions are so large that their sum wraps.
  static func value(_ rank: Int, _ index: Int) -> Int64 {
    let value = mixed(rank, index)
    return value % 11 == 3 ? .max - Int64(rank) : Int64(value) - 1000
  }
  static func add(_ a: Int64, _ b: Int64) -> Int64 { a &+ b }
  func divided(by count: Int) -> Int64 { self / Int64(count) }
}

/// The reduction over ranks lo..<hi along the tree that the documentation promises.
private func treeReduce<T: Reducible>(
  _ lo: Int, _ hi: Int, _ operation: ReduceOperation, _ value: (Int) -> T
) -> T {
  if hi - lo == 1 { return value(lo) }
  var power = 1
  while power * 2 < hi - lo { power *= 2 }
  let left = treeReduce(lo, lo + power, operation, value)
  let right = treeReduce(lo + power, hi, operation, value)
  switch operation {
  case .sum, .mean: return T.add(left, right)
  case .min: return min(left, right)
  case .max: return max(left, right)
  }
}

/// What a reduction over all ranks must give for one element.
func reduced<T: Reducible>(
  ranks: Int, _ operation: ReduceOperation, _ value: (Int) -> T
) -> T {
  let total = treeReduce(0, ranks, operation, value)
  return operation == .mean ? total.divided(by: ranks) : total
}
