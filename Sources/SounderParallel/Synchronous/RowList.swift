import CKernels
import SounderAutograd

/// Rows of a table's gradient: indices, ascending, and their values one after the other.
struct RowList: Sendable, Equatable {
  let width: Int
  private(set) var indices: [Int] = []
  private(set) var values: [Float] = []

  /// No rows.
  init(width: Int) { self.width = width }

  init(_ gradient: RowGradient) {
    width = gradient.rows.shape[1]
    indices = gradient.indices
    values = gradient.rows.toArray(as: Float.self)
  }

  /// The sum with another list.
  func adding(_ other: RowList) -> RowList {
    if indices.isEmpty { return other }
    let merge = RowMerge(lists: [self, other], width: width)
    var sum = RowList(width: width)
    merge.forEach(in: merge.indices.indices) { row, values in
      sum.indices.append(row)
      sum.values.append(contentsOf: UnsafeBufferPointer(start: values, count: width))
    }
    return sum
  }

  // MARK: On the way to other ranks

  /// The words that each row takes: one for the index, one for two values.
  static func wordsPerRow(width: Int) -> Int { 1 + (width + 1) / 2 }

  /// The list as words.
  var words: [UInt64] {
    let stride = Self.wordsPerRow(width: width)
    var words = [UInt64](repeating: 0, count: indices.count * stride)
    for (place, index) in indices.enumerated() {
      words[place * stride] = UInt64(index)
      for column in 0..<width {
        let bits = UInt64(values[place * width + column].bitPattern)
        words[place * stride + 1 + column / 2] |= column % 2 == 0 ? bits : bits << 32
      }
    }
    return words
  }

  init(words: ArraySlice<UInt64>, width: Int) {
    self.width = width
    let stride = Self.wordsPerRow(width: width)
    indices.reserveCapacity(words.count / stride)
    values.reserveCapacity(words.count / stride * width)
    var next = words.startIndex
    while next < words.endIndex {
      indices.append(Int(words[next]))
      for column in 0..<width {
        let word = words[next + 1 + column / 2]
        values.append(
          Float(bitPattern: UInt32(truncatingIfNeeded: column % 2 == 0 ? word : word >> 32)))
      }
      next += stride
    }
  }
}

/// The sum of the row lists of all shards along the tree over shards, a row at a time.
struct RowMerge {
  private let lists: [RowList]
  private let width: Int
  /// The rows that any list has, ascending.
  let indices: [Int]

  init(lists: [RowList], width: Int) {
    self.lists = lists
    self.width = width
    indices = Set(lists.lazy.flatMap(\.indices)).sorted()
  }

  /// Calls `body` with each row in a range of ``indices`` and its values, which are valid during the call.
  func forEach(in range: Range<Int>, _ body: (_ row: Int, UnsafePointer<Float>) -> Void) {
    guard let first = range.first else { return }
    // Where each list is: rows are visited in ascending order.
    var next = lists.map { list in
      list.indices.firstIndex { $0 >= indices[first] } ?? list.indices.count
    }
    let depth = lists.count + 1
    let scratch = UnsafeMutablePointer<Float>.allocate(capacity: depth * width)
    defer { scratch.deallocate() }
    for row in indices[range] {
      if let sum = evaluate(0..<lists.count, row, next, scratch, level: 0) { body(row, sum) }
      for (shard, list) in lists.enumerated()
      where next[shard] < list.indices.count && list.indices[next[shard]] == row {
        next[shard] += 1
      }
    }
  }

  /// The sum of a tree node's lists in one row; nil if none has the row.
  private func evaluate(
    _ node: Range<Int>, _ row: Int, _ next: [Int], _ scratch: UnsafeMutablePointer<Float>,
    level: Int
  ) -> UnsafePointer<Float>? {
    if node.count == 1 {
      let list = lists[node.lowerBound]
      let place = next[node.lowerBound]
      guard place < list.indices.count, list.indices[place] == row else { return nil }
      let target = scratch + level * width
      list.values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        target.update(from: base + place * width, count: width)
      }
      return UnsafePointer(target)
    }
    let middle = ReductionTree.split(node)
    let left = evaluate(node.lowerBound..<middle, row, next, scratch, level: level)
    guard left != nil else {
      return evaluate(middle..<node.upperBound, row, next, scratch, level: level)
    }
    let right = evaluate(middle..<node.upperBound, row, next, scratch, level: level + 1)
    if let left, let right { ck_sum_f32(scratch + level * width, left, right, width) }
    return left
  }
}
