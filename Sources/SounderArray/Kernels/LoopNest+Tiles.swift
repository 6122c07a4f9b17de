import CKernels

/// Where the operands of a loop nest lie: addresses, and bytes of an element.
struct LoopOperands {
  var addresses: InlineArray<4, UnsafeMutableRawPointer>
  var sizes: InlineArray<4, Int>

  @inline(__always)
  init(_ out: NDArray, _ a: NDArray) {
    addresses = [out.pointer, a.pointer, a.pointer, a.pointer]
    sizes = [out.dtype.byteSize, a.dtype.byteSize, 0, 0]
  }

  @inline(__always)
  init(_ out: NDArray, _ a: NDArray, _ b: NDArray) {
    addresses = [out.pointer, a.pointer, b.pointer, b.pointer]
    sizes = [out.dtype.byteSize, a.dtype.byteSize, b.dtype.byteSize, 0]
  }

  @inline(__always)
  init(_ out: NDArray, _ a: NDArray, _ b: NDArray, _ c: NDArray) {
    addresses = [out.pointer, a.pointer, b.pointer, c.pointer]
    sizes = [out.dtype.byteSize, a.dtype.byteSize, b.dtype.byteSize, c.dtype.byteSize]
  }
}

extension LoopNest {
  /// What a run is given: the addresses and strides of the operands, and how many elements.
  typealias Run = (InlineArray<4, UnsafeMutableRawPointer>, InlineArray<4, Int>, Int) -> Void

  /// Calls `body` for runs that cover the nest, in any order.
  ///
  /// An input that is contiguous along another dimension than the result (a transposed matrix) would be
  /// read from a different cache line for every element. Such operands are walked in tiles, which are
  /// packed into a buffer in the order of the result.
  @inline(__always)
  func forEachRun(_ operands: LoopOperands, _ body: Run) {
    if extents.elementCount == 0 { return }
    let rows = tileDimension
    if rows > 0 { return forEachTile(rows, operands, body) }
    let strides = inner
    if extents.count == 1 { return body(operands.addresses, strides, extents[0]) }
    let sizes = operands.sizes
    let steps: InlineArray<4, Int> = [
      stride(0, 1) * sizes[0], stride(1, 1) * sizes[1], stride(2, 1) * sizes[2],
      stride(3, 1) * sizes[3],
    ]
    forEachOffset(except: 1) { offsets in
      var addresses = operands.addresses
      for operand in 0..<4 { addresses[operand] += offsets[operand] * sizes[operand] }
      for _ in 0..<extents[1] {
        body(addresses, strides, extents[0])
        for operand in 0..<4 { addresses[operand] += steps[operand] }
      }
    }
  }

  /// The dimension along which an input is contiguous and the innermost one is not; 0 for none.
  private var tileDimension: Int {
    if extents.count < 2 || extents[0] < Self.smallestTile { return 0 }
    for operand in 1..<4 where isStrided(operand) {
      for dimension in 1..<extents.count
      where stride(operand, dimension) == 1 && extents[dimension] >= Self.smallestTile {
        return dimension
      }
    }
    return 0
  }

  private func isStrided(_ operand: Int) -> Bool {
    stride(operand, 0) != 1 && stride(operand, 0) != 0
  }

  /// Rows of a tile: as many neighbours are read from each column, four cache lines of float32.
  private static let tileRows = 64
  /// Bytes of a row of a packed tile, which then fills half of a first-level cache.
  private static let tileWidth = 256
  /// Extents from which packing pays.
  private static let smallestTile = 8

  @inline(never)
  private func forEachTile(_ rowDimension: Int, _ operands: LoopOperands, _ body: Run) {
    let tileBytes = Self.tileRows * Self.tileWidth
    withUnsafeTemporaryAllocation(byteCount: 3 * tileBytes, alignment: 64) { buffer in
      guard let base = buffer.baseAddress else { return }
      var packed = InlineArray<4, Bool>(repeating: false)
      var largest = 1
      for operand in 0..<4 {
        largest = max(largest, operands.sizes[operand])
        packed[operand] =
          operand > 0 && isStrided(operand) && stride(operand, rowDimension) == 1
      }
      let width = Self.tileWidth / largest
      forEachOffset(except: rowDimension) { offsets in
        for row in Swift.stride(from: 0, to: extents[rowDimension], by: Self.tileRows) {
          for column in Swift.stride(from: 0, to: extents[0], by: width) {
            let rows = min(Self.tileRows, extents[rowDimension] - row)
            let columns = min(width, extents[0] - column)
            var addresses = operands.addresses
            var steps = InlineArray<4, Int>(repeating: 0)
            var strides = inner
            for operand in 0..<4 {
              let size = operands.sizes[operand]
              let (across, along) = (stride(operand, 0), stride(operand, rowDimension))
              addresses[operand] += (offsets[operand] + row * along + column * across) * size
              steps[operand] = along * size
              if !packed[operand] { continue }
              let tile = base + (operand - 1) * tileBytes
              ck_pack_transposed(tile, width, addresses[operand], across, rows, columns, size)
              addresses[operand] = tile
              steps[operand] = width * size
              strides[operand] = 1
            }
            for _ in 0..<rows {
              body(addresses, strides, columns)
              for operand in 0..<4 { addresses[operand] += steps[operand] }
            }
          }
        }
      }
    }
  }

  /// Calls `body` with the offsets of the operands for every index of the dimensions other than the
  /// innermost and one more.
  @inline(__always)
  private func forEachOffset(
    except skipped: Int, _ body: (_ offsets: InlineArray<4, Int>) -> Void
  ) {
    var offsets = InlineArray<4, Int>(repeating: 0)
    var index = InlineArray<8, Int>(repeating: 0)
    while true {
      body(offsets)
      var axis = 1
      while axis < extents.count {
        if axis != skipped {
          index[axis] += 1
          for operand in 0..<4 { offsets[operand] += stride(operand, axis) }
          if index[axis] < extents[axis] { break }
          for operand in 0..<4 { offsets[operand] -= stride(operand, axis) * extents[axis] }
          index[axis] = 0
        }
        axis += 1
      }
      if axis == extents.count { return }
    }
  }
}
