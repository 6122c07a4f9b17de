import SounderArray
import Testing

@testable import SounderComm

/// An element type the collectives can reduce.
protocol Reducible: Sendable, Equatable {
  static var type: DType { get }
  /// The contribution of a rank at an index: not exactly summable, so that order shows.
  static func value(_ rank: Int, _ index: Int) -> Self
  static func combine(_ a: Self, _ b: Self, _ operation: ReduceOperation) -> Self
  func divided(by count: Int) -> Self
  /// The contributions of a rank; not generic, as 16 threads of unspecialised code in a debug build
  /// spend their time in the runtime's locks.
  static func fill(_ rank: Int, _ count: Int) -> [Self]
  static var zero: Self { get }
}

extension Float: Reducible {
  static var type: DType { .float32 }
  static func value(_ rank: Int, _ index: Int) -> Float {
    Float((rank &* 7919 &+ index &* 104_729) % 2003) / 97 - Float(rank)
  }
  static func combine(_ a: Float, _ b: Float, _ operation: ReduceOperation) -> Float {
    switch operation {
    case .sum, .mean: a + b
    case .min: Swift.min(a, b)
    case .max: Swift.max(a, b)
    }
  }
  static func fill(_ rank: Int, _ count: Int) -> [Float] {
    // Not for an empty array: that writes the storage all empty arrays share.
    guard count > 0 else { return [] }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      for index in 0..<count { (base + index).initialize(to: value(rank, index)) }
      initialized = count
    }
  }
  func divided(by count: Int) -> Float { self / Float(count) }
}

extension Double: Reducible {
  static var type: DType { .float64 }
  static func value(_ rank: Int, _ index: Int) -> Double {
    Double((rank &* 7919 &+ index &* 104_729) % 2003) / 97 - Double(rank)
  }
  static func combine(_ a: Double, _ b: Double, _ operation: ReduceOperation) -> Double {
    switch operation {
    case .sum, .mean: a + b
    case .min: Swift.min(a, b)
    case .max: Swift.max(a, b)
    }
  }
  static func fill(_ rank: Int, _ count: Int) -> [Double] {
    // Not for an empty array: that writes the storage all empty arrays share.
    guard count > 0 else { return [] }
    return [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      for index in 0..<count { (base + index).initialize(to: value(rank, index)) }
      initialized = count
    }
  }
  func divided(by count: Int) -> Double { self / Double(count) }
}

extension Int64: Reducible {
  static var type: DType { .int64 }
  static func value(_ rank: Int, _ index: Int) -> Int64 {
    Int64((rank &* 7919 &+ index &* 104_729) % 2003) - 1000
  }
  static func combine(_ a: Int64, _ b: Int64, _ operation: ReduceOperation) -> Int64 {
    switch operation {
    case .sum, .mean: a &+ b
    case .min: Swift.min(a, b)
    case .max: Swift.max(a, b)
    }
  }
  static func fill(_ rank: Int, _ count: Int) -> [Int64] {
    // Not for an empty array: that writes the storage all empty arrays share.
    guard count > 0 else { return [] }
    return [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      for index in 0..<count { (base + index).initialize(to: value(rank, index)) }
      initialized = count
    }
  }
  func divided(by count: Int) -> Int64 { self / Int64(count) }
}

/// The reduction over ranks lo..<hi along the tree that the documentation promises.
func treeReduce<T: Reducible>(
  _ lo: Int, _ hi: Int, _ operation: ReduceOperation, _ value: (Int) -> T
) -> T {
  if hi - lo == 1 { return value(lo) }
  var power = 1
  while power * 2 < hi - lo { power *= 2 }
  return T.combine(
    treeReduce(lo, lo + power, operation, value), treeReduce(lo + power, hi, operation, value),
    operation)
}

func reduced<T: Reducible>(
  ranks: Int, _ operation: ReduceOperation, _ value: (Int) -> T
) -> T {
  let total = treeReduce(0, ranks, operation, value)
  return operation == .mean ? total.divided(by: ranks) : total
}

/// What every implementation of a group must do; the same checks run on threads and under mpirun.
struct CollectiveChecks<T: Reducible> {
  let group: any ProcessGroup
  let count: Int

  /// All indices of a short buffer; of a long one some and the last, as debug builds are slow.
  private var sample: [Int] { sample(of: count) }

  private func sample(of count: Int) -> [Int] {
    count <= 300
      ? Array(0..<count) : Array(stride(from: 0, to: count, by: 1 + count / 97)) + [count - 1]
  }

  func all() throws {
    for operation in ReduceOperation.allCases {
      try allReduce(operation)
      try reduceScatter(operation, count: count > 300 ? count / group.size : count)
    }
    try broadcast()
    try allGather()
    try ringMessages()
    try group.barrier()
  }

  func allReduce(_ operation: ReduceOperation) throws {
    var values = T.fill(group.rank, count)
    try values.withUnsafeMutableBytes { try group.allReduce($0, T.type, operation) }
    let wrong = sample.first { index in
      values[index] != reduced(ranks: group.size, operation) { T.value($0, index) }
    }
    #expect(wrong == nil, "allReduce \(operation) \(T.type) \(count) on \(group.size)")
  }

  func reduceScatter(_ operation: ReduceOperation, count: Int) throws {
    let input = T.fill(group.rank, count * group.size)
    var output = [T](repeating: .zero, count: count)
    try input.withUnsafeBytes { input in
      try output.withUnsafeMutableBytes {
        try group.reduceScatter(input, into: $0, T.type, operation)
      }
    }
    let wrong = sample(of: count).first { index in
      output[index]
        != reduced(ranks: group.size, operation) { T.value($0, index + group.rank * count) }
    }
    #expect(wrong == nil, "reduceScatter \(operation) \(T.type) \(count) on \(group.size)")
  }

  func broadcast() throws {
    for root in Set([0, group.size / 2, group.size - 1]).sorted() {
      var values = T.fill(group.rank, count)
      try values.withUnsafeMutableBytes { try group.broadcast($0, root: root) }
      let wrong = sample.first { values[$0] != T.value(root, $0) }
      #expect(wrong == nil, "broadcast of \(count) from \(root)")
    }
  }

  func allGather() throws {
    let input = T.fill(group.rank, count)
    var output = [T](repeating: .zero, count: count * group.size)
    try input.withUnsafeBytes { input in
      try output.withUnsafeMutableBytes { try group.allGather(input, into: $0) }
    }
    for rank in 0..<group.size {
      let wrong = sample.first { output[rank * count + $0] != T.value(rank, $0) }
      #expect(wrong == nil, "allGather of \(count), part \(rank)")
    }
  }

  /// Every rank sends to the next; rank 0 receives first, as a long message needs a receiver.
  func ringMessages() throws {
    let next = (group.rank + 1) % group.size
    let previous = (group.rank + group.size - 1) % group.size
    let sent = T.fill(group.rank, count)
    var received = [T](repeating: .zero, count: count)
    let send = { try sent.withUnsafeBytes { try group.send($0, to: next, tag: 3) } }
    let receive = {
      try received.withUnsafeMutableBytes { try group.receive($0, from: previous, tag: 3) }
    }
    if group.rank == 0 && group.size > 1 {
      try receive()
      try send()
    } else {
      try send()
      try receive()
    }
    let wrong = sample.first { received[$0] != T.value(previous, $0) }
    #expect(wrong == nil, "ring of \(count)")
  }
}
