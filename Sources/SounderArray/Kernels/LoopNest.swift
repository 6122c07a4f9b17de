/// The loops over up to four operands of one shape, with as few dimensions as their strides allow.
///
/// Neighbouring dimensions that every operand walks through without a gap are merged, so contiguous
/// operands of any shape become one flat loop. The innermost dimension is left to the caller: a C loop.
struct LoopNest {
  /// Extents, innermost first.
  private(set) var extents = Shape()
  private var strides = InlineArray<4, Strides>(repeating: Strides())
  private let isEmpty: Bool

  /// A nest over `shape`; every operand's strides have the rank of the shape.
  ///
  /// With `reorders` the loops follow the memory of the first operand, not the order of the shape.
  init(
    _ shape: Shape, _ first: Strides, _ second: Strides? = nil, _ third: Strides? = nil,
    _ fourth: Strides? = nil, reorders: Bool = false
  ) {
    isEmpty = shape.elementCount == 0
    let none = Strides(repeating: 0, count: shape.count)
    let operands: InlineArray<4, Strides> = [first, second ?? none, third ?? none, fourth ?? none]
    var order = InlineArray<8, Int>(repeating: 0)
    var count = 0
    var axis = shape.count - 1
    while axis >= 0 {
      if shape[axis] != 1 {
        var place = count
        while reorders, place > 0, first[order[place - 1]].magnitude > first[axis].magnitude {
          order[place] = order[place - 1]
          place -= 1
        }
        order[place] = axis
        count += 1
      }
      axis -= 1
    }
    for place in 0..<count { add(shape[order[place]], order[place], operands) }
    if extents.count == 0 {
      extents.append(1)
      for operand in 0..<4 { strides[operand].append(0) }
    }
  }

  @inline(__always)
  private mutating func add(_ extent: Int, _ axis: Int, _ operands: InlineArray<4, Strides>) {
    let last = extents.count - 1
    var merges = last >= 0
    for operand in 0..<4 where merges {
      merges = operands[operand][axis] == strides[operand][last] * extents[last]
    }
    if merges {
      extents[last] *= extent
    } else {
      extents.append(extent)
      for operand in 0..<4 { strides[operand].append(operands[operand][axis]) }
    }
  }

  /// The stride of an operand along a merged dimension.
  func stride(_ operand: Int, _ dimension: Int) -> Int { strides[operand][dimension] }

  /// The strides of the innermost dimension.
  var inner: InlineArray<4, Int> {
    [strides[0][0], strides[1][0], strides[2][0], strides[3][0]]
  }

  /// Calls `body` with the offsets, in elements, at which each innermost run starts.
  @inline(__always)
  func forEachRun(_ body: (_ offsets: InlineArray<4, Int>, _ count: Int) -> Void) {
    if isEmpty { return }
    var offsets = InlineArray<4, Int>(repeating: 0)
    var index = InlineArray<8, Int>(repeating: 0)
    while true {
      body(offsets, extents[0])
      var axis = 1
      while axis < extents.count {
        index[axis] += 1
        for operand in 0..<4 { offsets[operand] += strides[operand][axis] }
        if index[axis] < extents[axis] { break }
        for operand in 0..<4 { offsets[operand] -= strides[operand][axis] * extents[axis] }
        index[axis] = 0
        axis += 1
      }
      if axis == extents.count { return }
    }
  }
}

extension NDArray {
  /// The strides that make this array appear in a shape it broadcasts to.
  func strides(broadcastTo target: Shape) -> Strides {
    if target == shape { return strides }
    var result = Strides(repeating: 0, count: target.count)
    let shift = target.count - rank
    for axis in 0..<rank where shape[axis] != 1 { result[axis + shift] = strides[axis] }
    return result
  }

  /// The number of elements from the first to just after the last in memory.
  private var span: Int {
    var span = 1
    for axis in 0..<rank {
      if shape[axis] == 0 { return 0 }
      span += (shape[axis] - 1) * strides[axis]
    }
    return span
  }

  /// Whether the memory between the first and last elements of both intersects.
  func mayOverlap(_ other: NDArray) -> Bool {
    if storage !== other.storage { return false }
    let (start, otherStart) = (pointer, other.pointer)
    return start < otherStart + other.span * other.dtype.byteSize
      && otherStart < start + span * dtype.byteSize
  }

  /// The address of an element `index` elements after the first.
  @inline(__always)
  func address(_ index: Int) -> UnsafeMutableRawPointer {
    storage.base + (offset + index) * dtype.byteSize
  }
}
