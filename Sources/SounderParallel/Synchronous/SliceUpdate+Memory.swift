import SounderArray
import SounderComm
import SounderNN

// Where parameters and optimiser state live, and how they get there.
extension SliceUpdate {
  /// Where the owned words of each parameter begin in arrays that hold only those, side by side, and their number.
  static func places(
    of owned: [Int: Range<Int>], _ entries: [WordLayout.Entry]
  ) -> (starts: [Int], count: Int) {
    var next = 0
    let starts = entries.enumerated().map { parameter, entry in
      // Whole elements, at addresses that are multiples of their size.
      next += next % entry.element.words
      defer { next += owned[parameter]?.count ?? 0 }
      return next
    }
    return (starts, next)
  }

  /// Views of state arrays that hold only some elements: shifted so that each parameter's lie where they would
  /// in the flat layout.
  static func views(
    of arrays: [NDArray], _ owned: [Int: Range<Int>], at starts: [Int]
  ) -> [[UnsafeMutableRawPointer]] {
    starts.enumerated().map { parameter, start in
      let shift = (start - (owned[parameter]?.lowerBound ?? 0)) * MemoryLayout<Float>.stride
      return arrays.map { $0.pointer + shift }
    }
  }

  /// The bytes of optimiser state that this rank has for itself.
  var ownStateBytes: Int {
    (isSharded ? ownMemory : Array(ownMemory.dropFirst())).reduce(0) {
      $0 + $1.count * MemoryLayout<Float>.stride
    }
  }

  /// The parameters of this rank alone, neighbours of one type in one piece (form `replicated`).
  var ownParameters: [(bytes: UnsafeMutableRawBufferPointer, dtype: DType)] {
    var runs: [(range: Range<Int>, element: FlatElement)] = []
    for entry in entries {
      if let last = runs.last, last.element == entry.element {
        runs[runs.count - 1].range = last.range.lowerBound..<entry.range.upperBound
      } else {
        runs.append((entry.range, entry.element))
      }
    }
    return runs.map { run in
      let bytes = UnsafeMutableRawBufferPointer(
        start: parameters + run.range.lowerBound,
        count: run.range.count * MemoryLayout<Float>.stride)
      return (bytes, run.element.dtype)
    }
  }

  /// The optimiser's state arrays and the updates every parameter has had (form `replicated`).
  var optimizerState: (arrays: [NDArray], stepCounts: [Int]) {
    get { (Array(ownMemory.dropFirst()), stepCounts) }
    set {
      stepCounts = newValue.stepCounts
      for (own, other) in zip(ownMemory.dropFirst(), newValue.arrays) { own.copy(from: other) }
    }
  }

  /// Goes on with the optimiser's state of parameters that were there before.
  func takeOver(_ previous: SliceUpdate) {
    let places = Dictionary(
      previous.entries.enumerated().map { (ObjectIdentifier($1.tensor), $0) },
      uniquingKeysWith: { first, _ in first })
    for (index, entry) in entries.enumerated() {
      guard let place = places[ObjectIdentifier(entry.tensor)] else { continue }
      stepCounts[index] = previous.stepCounts[place]
      if isSharded && memory.region.localRank != 0 { continue }
      for (new, old) in zip(state[index], previous.state[place]) {
        let bytes = MemoryLayout<Float>.stride
        (new + entry.offset * bytes).copyMemory(
          from: old + previous.entries[place].offset * bytes, byteCount: entry.range.count * bytes)
      }
    }
  }

  /// Moves the parameters into the memory that is updated, with the values of rank 0.
  ///
  /// A tensor gives up its own memory as it moves, and nobody needs room for a second copy of all.
  func bind(_ layout: WordLayout, _ group: any ProcessGroup) throws {
    let owner: AnyObject = isSharded ? memory.region : ownMemory[0].storage
    layout.bind(to: parameters, owner: owner, copying: group.rank == 0)
    if !isSharded || group.topology.hostCount > 1 { try broadcastParameters(group) }
    try group.barrier()
  }

  /// Sends the values of rank 0 to the first rank of every host (form `sharded`), or to every rank.
  private func broadcastParameters(_ group: any ProcessGroup) throws {
    let count = memory.elementCount * MemoryLayout<Float>.stride
    let base = UnsafeMutableRawPointer(parameters)
    guard isSharded else {
      return try group.broadcast(
        UnsafeMutableRawBufferPointer(start: base, count: count), root: 0)
    }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 64)
    defer { piece.deallocate() }
    for start in stride(from: 0, to: count, by: piece.count) {
      let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, count - start)])
      if group.rank == 0 {
        part.copyMemory(from: UnsafeRawBufferPointer(start: base + start, count: part.count))
      }
      try group.broadcast(part, root: 0)
      if group.rank != 0 && memory.region.localRank == 0 {
        UnsafeMutableRawBufferPointer(start: base + start, count: part.count).copyMemory(
          from: UnsafeRawBufferPointer(part))
      }
    }
  }
}
